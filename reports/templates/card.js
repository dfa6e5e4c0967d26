// The card is complete without this script. It adds a switch of language and of theme,
// opens what is folded before printing or when a link leads into it, and lets keys scroll wide tables.
"use strict";
(() => {
  const root = document.documentElement;
  const keep = (key, value) => { try { localStorage.setItem(`renben-${key}`, value); } catch { /* private window */ } };
  const kept = (key) => { try { return localStorage.getItem(`renben-${key}`); } catch { return null; } };

  const speak = (language) => {
    root.dataset.lang = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
  };
  const paint = (theme) => { root.dataset.theme = theme; };
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

  document.querySelector(".tools").hidden = false;
  document.getElementById("language").addEventListener("click", () => {
    speak(root.dataset.lang === "zh" ? "en" : "zh");
    keep("language", root.dataset.lang);
  });
  document.getElementById("theme").addEventListener("click", () => {
    paint(isDark() ? "light" : "dark");
    keep("theme", root.dataset.theme);
  });
  if (kept("language")) speak(kept("language"));
  if (kept("theme")) paint(kept("theme"));

  const folded = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded();
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  const reach = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".scroll")) reach.observe(box);
})();
