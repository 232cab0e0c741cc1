"""English words that say nothing about a topic: function words, and the fillers of speech."""


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = _listed(
    """
    a about above across after afterwards again against all almost alone along already also although always am among
    amongst an and another any anyhow anyone anything anyway anywhere are around as at back be became because become
    becomes been before beforehand behind being below beside besides between beyond both but by can cannot could did
    do does doing done down due during each either else elsewhere enough etc even ever every everyone everything
    everywhere except few first for former formerly from further had has have having he hence her here hereby herein
    hers herself him himself his how however i if in indeed instead into is it its itself last latter least less
    many may me meanwhile might mine more moreover most mostly much must my myself namely neither never nevertheless
    next no nobody none nor not nothing now nowhere of off often on once one only onto or other others otherwise our
    ours ourselves out over own per perhaps rather same second seem seemed seems several she should since so some
    somehow someone something sometime sometimes somewhere still such than that the their theirs them themselves
    then thence there thereafter thereby therefore these they third this those though three through throughout thus
    to together too toward towards two under until unto up upon us very via was we well were what whatever when
    whenever where whereas wherever whether which while who whoever whole whom whose why will with within without
    would yet you your yours yourself yourselves
    """
)

FILLERS = _listed(
    """
    actually ah alright anymore basically bit bye certainly course definitely different don everybody fine folks
    gets getting go goes going gonna good goodbye got gotta great guess guys hello hey hi hmm huh inaudible just
    kind kinda know let lets like likely literally little ll look looking looks lot lots maybe mean mhm mm mmm
    obviously oh ok okay okey people please pretty probably quite re really right said say saying says see seen
    sense sort stuff sure talk talking talks tell thank thanks thats thing things think thought today totally tried
    try trying uh uhh um umm unclear ve wanna want wanted wants way ways welcome went whatnot wow ya yeah yep yes
    yup
    """
)

# They may stand inside a label, but a label of them alone says nothing.
VAGUE = _listed(
    """
    able add added area aspect back bad batch benefit better big bit bunch call called case cases change come comes
    coming couple day days end everybody exactly example examples fact far feel few find five four full give given
    gives half hand hard hour hours hundred idea ideas im important instance interesting issue item job keep kinds
    last level line long made main majority make makes making man matter minute minutes moment month months morning
    move need needed needs new nice number numbers old order pair part particular parts person piece pieces place
    places point points possible problem put question questions real reason reasons remember rest result round
    second seconds series set show side simple simply single small someone sorts specific start started step steps
    stop take taken takes ten thousand time times top total turn type types use used uses using value values version
    versions view week weeks whole word words work worked working works world yeah year years
    """
)

STOP_WORDS = FUNCTION_WORDS | FILLERS
