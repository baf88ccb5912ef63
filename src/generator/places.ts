import { RankedList, type Random } from './random'
import type { Address } from './records'

export interface Place {
  /** The library's id. */
  code: string
  name: string
  /** Of a landline number. */
  area: string
  /** Postcode and name, the centre first. */
  localities: [postcode: string, city: string][]
}

/** One line a municipality with a library: code, zone number, then its localities. */
export const PLACES: readonly Place[] = `
ZOT 09 9620 Zottegem, 9620 Velzeke-Ruddershove, 9620 Strijpen, 9620 Leeuwergem
OOS 09 9860 Oosterzele, 9860 Balegem, 9860 Scheldewindeke, 9860 Moortsele
GAV 09 9890 Gavere, 9890 Asper, 9890 Dikkelvenne, 9890 Semmerzake
HER 053 9550 Herzele, 9550 Hillegem, 9551 Ressegem, 9552 Borsbeke
GER 054 9500 Geraardsbergen, 9500 Ophasselt, 9506 Schendelbeke
BRA 055 9660 Brakel, 9660 Opbrakel, 9660 Michelbeke
OUD 055 9700 Oudenaarde, 9700 Eine, 9700 Ename
AAL 053 9300 Aalst, 9320 Erembodegem, 9308 Hofstade, 9310 Moorsel
GEN 09 9000 Gent, 9050 Gentbrugge, 9040 Sint-Amandsberg, 9030 Mariakerke, 9031 Drongen
WET 09 9230 Wetteren, 9230 Massemen
NIN 054 9400 Ninove, 9402 Meerbeke, 9400 Denderwindeke
DEN 052 9200 Dendermonde, 9200 Sint-Gillis-Dendermonde, 9200 Grembergen
MEL 09 9090 Melle, 9090 Gontrode
LOK 09 9160 Lokeren, 9160 Daknam
SNK 03 9100 Sint-Niklaas, 9111 Belsele, 9100 Nieuwkerken-Waas
DEI 09 9800 Deinze, 9800 Petegem-aan-de-Leie
EEK 09 9900 Eeklo
ZEL 052 9240 Zele
BRU 050 8000 Brugge, 8310 Assebroek, 8200 Sint-Andries, 8310 Sint-Kruis
KOR 056 8500 Kortrijk, 8501 Heule, 8510 Marke
ROE 051 8800 Roeselare, 8800 Rumbeke
OST 059 8400 Oostende, 8400 Stene
WAR 056 8790 Waregem, 8792 Desselgem
TIE 051 8700 Tielt, 8700 Aarsele
IEP 057 8900 Ieper, 8900 Brielen
DIK 051 8600 Diksmuide, 8600 Esen
VEU 058 8630 Veurne, 8630 Steenkerke
IZE 051 8870 Izegem, 8870 Kachtem
TOR 050 8820 Torhout
KNO 050 8300 Knokke-Heist, 8301 Heist-aan-Zee
ANT 03 2000 Antwerpen, 2100 Deurne, 2600 Berchem, 2140 Borgerhout, 2170 Merksem, 2610 Wilrijk
MEC 015 2800 Mechelen, 2812 Muizen, 2811 Hombeek
TUR 014 2300 Turnhout
LIE 03 2500 Lier, 2500 Koningshooikt
GEE 014 2440 Geel
HRT 014 2200 Herentals, 2200 Noorderwijk
MOL 014 2400 Mol
BOO 03 2850 Boom
BRS 03 2930 Brasschaat
HEI 015 2220 Heist-op-den-Berg, 2221 Booischot
LEU 016 3000 Leuven, 3010 Kessel-Lo, 3001 Heverlee, 3012 Wilsele
TIN 016 3300 Tienen, 3300 Kumtich
AAR 016 3200 Aarschot, 3201 Langdorp
DIE 013 3290 Diest, 3294 Molenstede
HAL 02 1500 Halle, 1502 Lembeek
VIL 02 1800 Vilvoorde, 1800 Peutie
ASS 02 1730 Asse, 1731 Zellik
HAS 011 3500 Hasselt, 3511 Kuringen, 3510 Kermt
GNK 089 3600 Genk
TON 012 3700 Tongeren, 3700 Riksingen
STR 011 3800 Sint-Truiden, 3803 Duras
BIL 089 3740 Bilzen, 3740 Munsterbilzen
LOM 011 3920 Lommel
MAA 089 3680 Maaseik, 3680 Neeroeteren
BER 011 3580 Beringen, 3582 Koersel
`
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [, code = '', area = '', rest = ''] = /^(\S+) (\S+) (.+)$/.exec(line) ?? []
    const localities = rest.split(', ').map((one): [string, string] => [one.slice(0, 4), one.slice(5)])
    return { code, area, localities, name: `Bibliotheek ${localities[0]?.[1] ?? code}` }
  })

const COMMON_STREETS = `
Kerkstraat|Stationsstraat|Dorpsstraat|Molenstraat|Nieuwstraat|Schoolstraat|Veldstraat|Kapellestraat|Hoogstraat|Kasteelstraat
Langestraat|Kloosterstraat|Groenstraat|Markt|Gentsesteenweg|Brusselsesteenweg|Beekstraat|Bosstraat|Heirweg|Pastorijstraat
Lindenlaan|Berkenlaan|Sint-Jozefstraat|Sint-Annastraat|Sint-Martinusstraat|Onze-Lieve-Vrouwestraat|Koning Albertlaan
Koningin Astridlaan|Leopoldlaan|Guido Gezellelaan|Hendrik Consciencestraat|Vlaanderenstraat|Prins Boudewijnlaan|Industrielaan
Acaciastraat|Rozenlaan|Tuinwijk|Meersstraat|Molenveld|Ten Bosse|Hof ter Beke|Heldenlaan|Zavelstraat|Processiestraat|Rijkestraat
`
  .split(/[|\n]/)
  .filter((name) => name !== '')

const STREET_STEMS = `
Eik|Beuk|Populier|Wilg|Kastanje|Den|Elzen|Hazelaar|Esdoorn|Kers|Pere|Appel|Vlier|Meidoorn|Klaver|Tarwe|Vlas|Haver|Hop|Merel
Lijster|Leeuwerik|Zwaluw|Vinken|Uilen|Reiger|Fazanten|Wulpen|Schelde|Leie|Dender|Zwalm|Molenbeek|Watermolen|Windmolen|Smis
Bakkers|Brouwers|Wevers|Vissers|Ridder|Graven|Abdij|Begijnhof|Paters|Kapel|Kruis|Galgen|Zand|Klei|Steen|Hoge|Lage|Oude|Korte
`
  .split(/[|\n]/)
  .filter((name) => name !== '')
const STREET_ENDINGS = ['straat', 'laan', 'weg', 'dreef', 'hof', 'plein', 'veld', 'berg', 'dries', 'pad']

const streets = new RankedList(COMMON_STREETS, 12)

/** An address in this municipality. */
export function drawAddress(place: Place, random: Random): Address {
  const street = random.chance(0.5) ? streets.draw(random) : random.pick(STREET_STEMS) + random.pick(STREET_ENDINGS)
  const number = `${1 + Math.floor(220 * random.fraction() ** 2)}${random.chance(0.04) ? random.pick(['A', 'B', 'C']) : ''}`
  const isFlat = random.chance(0.14)
  const [postcode, city] = random.chance(0.5) ? (place.localities[0] ?? ['', '']) : random.pick(place.localities)
  return isFlat
    ? {
        street,
        number,
        box: random.chance(0.7) ? String(random.between(1, 24)) : `0${random.between(101, 409)}`,
        postcode,
        city,
      }
    : { street, number, postcode, city }
}

/** The same address as another pair of hands writes it. */
export function respellAddress(address: Address, random: Random): Address {
  const street = address.street ?? ''
  const respelled = random.pick([
    street.replace(/straat$/, 'str.'),
    street.replace(/straat$/, 'str'),
    street.replace(/laan$/, 'ln'),
    street.replace(/steenweg$/, 'stwg.'),
    street.replace(/^Sint-/, 'St.-'),
    street.replace(/^Onze-Lieve-Vrouwe/, 'O.L.V.-'),
    street.toUpperCase(),
  ])
  const { box, ...rest } = address
  if (box === undefined || random.chance(0.4)) return { ...address, street: respelled }
  return { ...rest, street: respelled, number: `${address.number ?? ''} bus ${box}` }
}
