// Short words that everybody can spell when they hear them; their order means nothing.

const lists = {
  nl: `
    aap aard abdij acht adem akker anker appel arend avond baard bakker balk bamboe banaan beek beer bende berg
    bever beuk bezem bijl blauw blik bloem boek boer boog boom boot borst bosje boter bouw brand breed brief bril
    broek brood brug bruin buik buis bus cacao cactus cirkel citroen dadel dak dame dans dapper deeg deksel dennen
    deur dier dijk diner doek dolfijn donker doos dorp draad draak dromen druif duif duin eend eiland eik ekster elf
    emmer engel erwt ezel fabel fakkel fazant feest ferm fiets film fles fluit fontein forel fort foto framboos fris
    fruit gans garage gebak geel geit geluk gemak gier glas goud graan gras grijs groen groot haas hagel halm hamer
    hand haring hart haven hemel hert heuvel hoed hond honing hoorn hotel huis iglo ijzer inkt jager jas
    jeugd jurk kaars kaas kachel kajak kamer kanaal kano kasteel kat kegel kelder kers ketel keuken kever klaver
    klei klok knoop koe koffie koken konijn koning koor koper kraan krant krijt kroon kruid kuif kust kwast laars
    ladder lamp land lapje lepel leraar leven lezer licht linde lucht lijst maan maart magneet mais mand
    mantel marmer mast meer meeuw melk merel meter middag mier mist moeder molen mond mossel motor muis munt muur
    muziek naald nacht natuur neef nest netel neus noord noot oase ochtend olie olijf oma oogst oost opa orgel oven
    paard paars palm panda papier parel park pauw peer pen perzik peper piano pijl plank plant plein pluim poes
    polder poort potlood prins pruim puzzel raam radijs raket regen reiger reis ridder rivier robijn rood roos rots
    ruim rust salie schaap schat schip school schaduw sjaal sla slak slang sleutel slot smid sneeuw soep specht
    spiegel spijker spin stad stal steen ster stoel storm straat strand suiker tafel tak tand tapijt tent thee
    tijger toren touw trap trein trommel tuin tulp uil uur vader valk varen veer veld vijver vinger viool vis vlag
    vlieger vlinder vogel vos vriend vrucht vuur wagen wand warm water weide wereld west wiel wijn wilg wind winkel
    wolk wol wortel zaad zadel zak zalm zand zebra zee zeil zilver zolder zon zuid zwaan zwart`,
  en: `
    acorn actor adult album alley amber anchor angle ankle apple apron april arrow aspen attic autumn badge baker
    bamboo banana barley barn basil basket beach beacon bear beaver bell berry birch bird biscuit blanket blossom
    boat bonnet book boot bottle branch bread brick bridge brook broom brown brush bucket butter button cabin cactus
    camel candle canoe canyon carpet carrot castle cedar cellar chalk cherry chest chimney circle citrus clay cliff
    clock cloud clover coast cobalt coffee comet copper coral corner cotton cradle crane cream cricket crown crystal
    curtain daisy dance desert diamond dinner dolphin donkey door dragon drum duck eagle earth east echo elbow elm
    ember engine evening fabric falcon feather fence fern ferry fiddle field finger fir flag flame flint flute
    forest fountain fox friend frost fruit galaxy garden garlic ginger giraffe glacier glove gold goose grain grape
    grass gravel green guitar hammer harbour harvest hat hawk hazel heart hedge herald heron hill honey hood horse
    hotel house iceberg igloo indigo ink iris iron island ivory jacket jade jar jasmine jelly jewel jigsaw juice
    jungle kayak kettle kitchen kite kitten ladder lake lamp lantern laurel lavender leaf lemon letter lilac lily
    linen lion lizard lobster lotus magnet maple marble market marsh meadow melon metal milk mill mint mirror mist
    monkey moon morning moss motor mountain mouse museum mushroom music mustard needle nest nickel night north
    nutmeg oak oasis ocean olive onion opal orange orchard otter oven owl oyster paddle palace panda paper parrot
    parsley peach peanut pearl pebble pencil pepper piano picnic pigeon pillow pine planet plum pocket pond poppy
    potato prairie puddle pumpkin puzzle quartz quilt rabbit radish rain raven ribbon rice river robin rocket rose
    ruby saddle saffron sail salmon sand sapphire school scarf shadow sheep shell ship silk silver sky slate snail
    snow soap socket south spark sparrow spider spoon spring squirrel star stone storm straw sugar sunset
    swan table tailor teapot temple tent thistle thunder tiger timber toast tomato tower train tulip tunnel turtle
    valley velvet village violet violin water wheat whale willow window wolf wood wool yellow zebra`,
};

const read = (list: string): readonly string[] => list.trim().split(/\s+/);

export const WORDS: Record<'nl' | 'en', readonly string[]> = { nl: read(lists.nl), en: read(lists.en) };
