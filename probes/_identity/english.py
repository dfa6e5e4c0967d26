"""Classes of English words by which the reading of a word is told; written for Renben."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


FUNCTION = _words("""
    a about above after again against all almost alone along already also always am an and any anymore anyway apart
    are aren arent around as aside asked at away bc be became because become becomes been before being believe
    believes below both but by came can cannot cant could couldn couldnt cuz did didn didnt do does doesn doesnt
    doing don done dont down during each either else et even ever every everyone everything everywhere except for
    forever from gave get gets go goes going gonna got gotta had has hasn hasnt have haven he her here hers herself
    hes him himself his how however i id if ill im in instead into is isn isnt it its ive just knew know knows later
    lets like live lived lives ll lmao lol look looked looks love loves made make makes many may maybe me might mine
    more most much must my myself near need needs never next no nobody nope nor not nothing now of off ok okay on
    once one onto only or our ours out over per please pls put rather re really said saw say says she shes should
    shouldn since so some someday someone something sometimes somewhere soon still such take takes tell tells than
    thank thanks that thats the their theirs them themselves then there theres these they theyre theyve think thinks
    this tho those though through thus til till to today together told tomorrow tonight too took toward towards
    twice under unless until up upon ur us ve very via wait wanna want wants was wasn wasnt we well went were weren
    werent what whatever whats when where whether which while who whos whose why will with within without won wont
    work worked works would wouldn wouldnt yeah yes yesterday yet you your youre yours youve tf wtf feel feels felt
    sold kept ran sat stood wrote spoke bought brought
""")
"""Words after which no noun phrase of the word before goes on: pronouns, prepositions, common verbs and adverbs."""

ONE = _words("a an one every each another")
"""Determiners of a single thing."""
DETERMINERS = ONE | _words(
    "the this that my your ur his her our their its whose which what any some no neither either 's"
)
"""One of them stands before every noun in the singular."""
PLURAL = _words("the these those all most many few several two three four five")
"""Words before a noun in the plural that has the form of the adjective ("the Chinese")."""
LINKS = _words("""
    am is are was were be been being become becomes becoming became isn aren wasn weren isnt arent wasnt werent aint
    im hes shes theyre youre whos thats its 'm 're 't not nt so too very really all both also mostly just still
    already half openly proudly actually basically probably ever never mainly either only
""")
"""Words before an adjective that stands by itself."""
BEGINNINGS = FUNCTION | DETERMINERS | LINKS
"""Words before which no noun phrase has begun."""
BEING = _words("am is are was were be been isn aren wasn weren isnt arent wasnt werent become becomes became 's")
"""Those of the links that need a subject."""
SAYS_WHO = _words("im hes shes youre theyre whos being becoming 'm 're")
"""Those of them that speak of a person by themselves."""
ADVERBS = (LINKS - BEING - SAYS_WHO) | _words("can could will would should may might must to have has had cant couldnt")
"""Words between a subject, its verb and the adjective."""
SUBJECTS = _words("i you he she we they who everyone everybody someone somebody anyone anybody nobody")
"""Pronouns for persons."""
SHORT_IS_AFTER = SUBJECTS | _words("it that there here what where how")
"""Words after which "'s" is short for "is"."""
TITLES = _words("mr mrs ms dr st prof rev sen gov gen col sgt capt lt rep pres")
"""Written with a full stop before a name."""
PREPOSITIONS = _words("in into from to of by on at through via")
"""Words before the name of a language ("in Turkish")."""
OTHER_SENSE = _words("up out to with from down off through into like about")
"""Words after which an adjective before them has another sense ("straight to", "black out")."""

OWNED = _words("""
    own only best family first job life face hair eyes eye head body hand hands mouth ass name house home car phone
    number dog cat room friend friends mother mom mum father dad parents brother brothers sister sisters husband
    boyfriend uncle aunt grandmother grandma grandfather grandpa voice age work works look looks love skin heart
    mind feet legs arms clothes dress side part way thing things ring wedding king wing wings clothing sibling
    siblings building lovely friendly ugly elderly early daily need needs bed seed weed place book books story
""")
"""Words that after "her" are what she has, whatever stands before."""
EITHER = _words("""
    back last very most one right hard bad good well dead close tight high long enough fast slow flat open free
    clean crazy mad full straight better less once next other another more now then down over up out under off in
    about live always go going say take will monday tuesday wednesday thursday friday saturday sunday fucking fuckin
    goddamn damn 's "
""")
"""Words after "her" that may go on ("her last name") or not ("I saw her last night")."""
TWO_OBJECTS = _words("""
    let lets letting make makes made making help helps helped helping see sees saw seen seeing watch watches watched
    watching hear hears heard hearing feel feels felt call calls called calling named label labeled labelled
    consider considers considered find finds found finding think thinks thought believe believes believed keep keeps
    kept keeping want wants wanted wanting wish wishes wished get gets got getting gotten turn turned give gives
    gave given giving show shows showed showing tell tells told telling teach teaches taught ask asks asked asking
    pay pays paid paying offer offered owe owes owed lend lent cost costs save saves saved spare send sends sent buy
    buys bought bring brings brought leave leaves left leaving like likes liked prefer treat treats treated treating
    beat beats eat eats fuck fucks fucked shoot shot deem deemed render prove proved bake bakes baked cook cooks
    cooked drive drove dare bet elect elected appoint appointed crowned have
    has had having need needs needed
""")
"""Verbs after which "her" may be an object though more follows: "let her speak", "call her lazy", "give her money"."""
ENDS = _words("""
    is was are were isn wasn isnt wasnt and or but too to for because cuz bc not at with as than if when that he she
    i you they we it who which will would can could should did does do had has
""")
"""Words after "his" where it stands by itself ("the car is his and ...")."""
