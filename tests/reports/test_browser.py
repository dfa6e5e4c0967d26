"""A real browser opens the card. Where there is none, the rest of the suite still judges the file."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.reports.pages import drawn

BROWSERS = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))][:1]
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-software-rasterizer",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * 0.0.0.0",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
)

# The outer page looks into frames of the card. A frame without "allow-scripts" is a reader without scripts.
OUTER = """<!doctype html><meta charset="utf-8">
<iframe id="phone" width="390" height="800" src="card.html"></iframe>
<iframe id="small" width="320" height="800" src="card.html"></iframe>
<iframe id="large" width="390" height="800" src="large.html"></iframe>
<iframe id="hostile" width="390" height="800" src="hostile.html"></iframe>
<iframe id="changed" width="390" height="800" src="changed.html"></iframe>
<iframe id="values" width="320" height="800" src="values.html"></iframe>
<iframe id="desk" width="1280" height="800" src="changed.html"></iframe>
<iframe id="bare" width="1280" height="800" sandbox="allow-same-origin" src="card.html"></iframe>
<pre id="seen"></pre>
<script>
onload = () => {
  const inside = (id) => document.getElementById(id).contentDocument;
  const overflow = (id) => inside(id).documentElement.scrollWidth - inside(id).documentElement.clientWidth;
  const shows = (doc, selector) => doc.querySelector(selector).getClientRects().length > 0;
  const card = inside("phone"), bare = inside("bare"), frame = document.getElementById("phone").contentWindow;
  const closed = () => card.querySelectorAll("details:not([open])").length;
  const paper = () => frame.getComputedStyle(card.documentElement).backgroundColor;
  const seen = { overflow: ["phone", "small", "large", "hostile", "values"].map(overflow) };
  seen.started = [shows(card, "h2 [lang=en]"), shows(card, "h2 [lang=zh]"), shows(card, "#language")];
  card.getElementById("language").click();
  seen.switched = [shows(card, "h2 [lang=en]"), shows(card, "h2 [lang=zh]"), card.documentElement.lang];
  const noted = ["performance .note > .as-is", "data-profile .note > [lang=zh]", "data-profile .note > [lang=en]"];
  seen.notes = noted.map((note) => shows(card, `#probe-${note}`));
  const painted = () => { card.getElementById("theme").click(); return paper(); };
  seen.papers = [paper(), painted(), painted()];
  seen.closed = [closed()];
  frame.dispatchEvent(new Event("beforeprint")); seen.closed.push(closed());
  frame.dispatchEvent(new Event("afterprint")); seen.closed.push(closed());
  const texts = (id) => [...inside(id).querySelectorAll(".texts")];
  seen.folded = texts("changed").every((box) => !box.open && !box.querySelector("bdi").checkVisibility());
  for (const id of ["hostile", "changed", "desk", "values"]) for (const box of texts(id)) box.open = true;
  seen.read = ["hostile", "changed", "desk", "values"].map(overflow);
  seen.told = ["en", "zh"].map((language) => {
    inside("desk").documentElement.dataset.lang = language;
    const frame = document.getElementById("desk").contentWindow;
    return ["del", "ins"].map((mark) => frame.getComputedStyle(inside("desk").querySelector(mark), "::before").content);
  });
  seen.bare = ["h1", "h2 [lang=en]", "figure svg use", "h2 [lang=zh]", "#language"].map((s) => shows(bare, s));
  document.getElementById("seen").textContent = JSON.stringify(seen);
};
</script>"""


def browse(browser: str, folder: Path) -> tuple[dict[str, object], list[str]]:
    (folder / "card.html").write_text(drawn("usual"), encoding="utf-8")
    for kind in ("large", "changed", "hostile", "values"):
        (folder / f"{kind}.html").write_text(drawn(kind), encoding="utf-8")
    (folder / "outer.html").write_text(OUTER, encoding="utf-8")
    command = [browser, *QUIET, f"--user-data-dir={folder / 'profile'}", "--dump-dom", (folder / "outer.html").as_uri()]
    # Three seconds on a quiet machine; a busy one has been seen to need a minute.
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(found[1])), console


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_browser_shows_and_switches_the_card(browser: str, tmp_path: Path) -> None:
    seen, console = browse(browser, tmp_path)
    assert [line for line in console if "Blocked script execution" not in line] == []
    assert seen["overflow"] == [0] * 5, "the page scrolls sideways on a phone"
    assert seen["started"] == [True, False, True]
    assert seen["switched"] == [False, True, "zh-CN"]
    assert seen["notes"] == [True, True, False], "a note is hidden from readers of Chinese, or told twice"
    light, dark, again = seen["papers"]  # type: ignore[misc]
    assert light == again != dark
    before, printing, after = seen["closed"]  # type: ignore[misc]
    assert before == after > printing == 0
    assert seen["folded"] is True, "texts that may hurt are open"
    assert seen["read"] == [0] * 4, "open examples make the page scroll sideways"
    assert seen["told"] == [['"[removed:] "', '"[added:] "'], ['"[删去：] "', '"[加入：] "']]
    assert seen["bare"] == [True, True, True, False, False]
