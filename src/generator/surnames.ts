import { RankedList, type Random } from './random'

const COMMON = `
Peeters|Janssens|Maes|Jacobs|Mertens|Willems|Claes|Goossens|Wouters|De Smet|Pauwels|Vermeulen|Hermans|Van den Broeck|Aerts
De Clercq|Michiels|Smets|Van Damme|Claeys|Martens|Desmet|Janssen|Hendrickx|De Vos|Stevens|Lemmens|Van de Velde|De Backer
Segers|Cools|Coppens|Wauters|De Cock|Verhoeven|De Meyer|Bogaert|Leemans|Thijs|Vandenberghe|Timmermans|Mahieu|Christiaens
Bosmans|Beckers|Verstraete|Lambrecht|De Wilde|Van den Bossche|Verbeke|De Pauw|Van Acker|Declercq|Verhaegen|Vandamme|Maertens
Dewulf|Van Hove|Van Dyck|Cornelis|Sels|De Ridder|Baert|Callens|Desmedt|Denys|Van Hecke|Vercammen|Vanhoutte|De Groote|Geerts
Huybrechts|Nys|Moens|Bauwens|Devos|Deprez|Lauwers|Van Looy|Verlinden|Dierckx|Van Loon|Vermeersch|Roels|De Bruyne|De Bruyn
Van den Berghe|Jansen|Pieters|Sanders|Hoste|Vandevelde|Van Hoof|Carpentier|Vandenbroucke|De Graeve|Van Gestel|Cuypers
De Winter|Verschueren|Baeten|Ceulemans|Daems|Engelen|Franssens|Gielen|Heylen|Ooms|Reynders|Schepers|Theunis|Luyten|Nijs
Van Nuffel|De Schepper|Van der Auwera|Van Laere|De Baets|Van Hoecke|De Vriendt|De Coninck|De Keyser|De Maeyer|De Moor
De Mulder|De Rycke|De Sutter|De Troyer|De Vlieger|De Waele|De Weerdt|D'Hondt|D'Haene|D'hoker|Dhondt|Van Cauwenberghe
Van Driessche|Van Overbeke|Van Parijs|Van Steenbergen|Van der Linden|Van der Straeten|Van Wesemael|Vanderhaeghen|Van Lierde
Schockaert|De Rouck|Van Snick|Haegeman|Matthys|Temmerman|Van Den Abbeele|Vekeman|Baeyens|Eeckhout|Goethals|Hanssens|Lievens
Meganck|Neirynck|Naessens|Piens|Roelandt|Seynaeve|Standaert|Tack|Uyttersprot|Vlaeminck|Wille|Ysebaert|Sioen|Lootens|Gyselinck
Blomme|Boone|Bruneel|Buysse|Casteleyn|Debaere|Debruyne|Decock|Defoort|Degroote|Delbaere|Demeyer|Deschacht|Dewaele|Feys|Ghesquiere
Hillewaere|Lagae|Logghe|Pattyn|Plovie|Ryckaert|Samyn|Soenens|Steen|Strubbe|Vanneste|Verhelst|Viaene|Vyncke|Wyffels|Billiet
`
  .split(/[|\n]/)
  .filter((name) => name !== '')

const PREFIXES = ['Van ', 'Van de ', 'Van den ', 'Van der ', 'Vande', 'Vanden', 'Vander', 'Van', 'De ', 'Ver']

const STEMS = `
broeck|velde|berghe|bossche|kerckhove|weghe|driessche|steene|walle|poel|putte|meersch|heyden|elst|eynde|eycke|hoeve|beke
moortele|plassche|gucht|wiele|straete|haute|ginste|wouwer|sype|castele|abeele|noortgate|reycke|linde|hende|borre|sande|zande
cruysse|donckt|perre|schueren|stichel|houte|male|veken|vyver|wynckel|zwalm|brande|cappelle|daele|eede|fonteyne|gheynst|hecke
ryse|kelder|laer|maele|neste|oost|peereboom|quaethem|rasse|stockt|tichele|ullens|vaeren|wegen|zype|berckt|coninx|ghinste
`
  .split(/[|\n]/)
  .filter((name) => name !== '')

const ROOTS = `
Al|Ber|Boe|Bra|Bui|Cal|Cla|Coe|Cor|Dae|Del|Den|Die|Dom|Eve|Fae|Fran|Ghe|Goe|Gro|Hae|Hel|Hoe|Huy|Jae|Joo|Kem|Kes|Lae|Lam|Lie|Loo
Mae|Mee|Mel|Moo|Nae|Noo|Oly|Pae|Pee|Pol|Que|Rae|Roe|Rom|Sae|Sche|Smee|Soe|Stae|Ste|Tae|Thie|Too|Vae|Vei|Vlo|Wae|Wil|Wou|Zee
`
  .split(/[|\n]/)
  .filter((name) => name !== '')

const ENDINGS = `
rts|ns|ckx|mans|lemans|naert|vaert|ghe|bbens|lynck|sens|rens|ckaert|laere|rman|ssens|vens|deman|tens|bout|lants|veld|naerts|rmans
`
  .split(/[|\n]/)
  .filter((name) => name !== '')

/** Some two thirds of the people have one of the common names; the rest one of several thousand, as in the register. */
const COMMON_SHARE = 0.62
const common = new RankedList(COMMON, 14)
const stems = new RankedList(STEMS, 20)
const roots = new RankedList(ROOTS, 25)
const endings = new RankedList(ENDINGS, 10)

export function drawSurname(random: Random): string {
  if (random.chance(COMMON_SHARE)) return common.draw(random)
  if (random.chance(0.55)) return roots.draw(random) + endings.draw(random)
  const prefix = random.pick(PREFIXES)
  const stem = stems.draw(random)
  return prefix.endsWith(' ') ? prefix + capitalised(stem) : prefix + stem
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
