import { RankedList } from './random'

/** Names, most frequent first, by the years in which they were given. One line holds many, set off by a bar. */
function list(text: string): string[] {
  return text.split(/\s*[|\n]\s*/).filter((name) => name !== '')
}

/** The drop from one place to the next is that of Belgian statistics: the first name of a list has some 3 %. */
const FIRST_NAME_FLATNESS = 9

interface Cohort {
  /** The last birth year that these names are for. */
  until: number
  F: RankedList<string>
  M: RankedList<string>
}

function cohort(until: number, women: string, men: string): Cohort {
  return {
    until,
    F: new RankedList(list(women), FIRST_NAME_FLATNESS),
    M: new RankedList(list(men), FIRST_NAME_FLATNESS),
  }
}

const COHORTS: readonly Cohort[] = [
  cohort(
    1945,
    `Maria | Anna | Godelieve | Jeanne | Paula | Rosa | Yvonne | Georgette | Simonne | Irène | Elza | Julia | Germaine
    Marie-Louise | Denise | Alice | Suzanne | Gabrielle | Marguerite | Madeleine | Irma | Agnes | Lea | Bertha | Clara
    Josephina | Augusta | Martha | Monique | Rachel | Emma | Angèle | Hélène | Celina | Adrienne | Leona | Ivonne
    Margaretha | Marie-Thérèse | Elisabeth | Magda | Cecile | Albertine | Zulma | Victorine | Leontine`,
    `Jozef | Jan | Albert | Frans | Louis | Roger | Pieter | Maurice | Robert | André | Gaston | Karel | Georges | Marcel
    Camiel | Henri | Willy | Alfons | Gustaaf | Julien | Achiel | René | Leon | Firmin | Gerard | Raymond | Omer | Remi
    Petrus | Emiel | Jules | Victor | Oscar | Cyriel | Antoon | Gilbert | Etienne | Jean-Baptist | Edmond | Aloïs
    Valère | Michel | Hubert | Leopold | Theofiel | Constant`,
  ),
  cohort(
    1960,
    `Maria | Christiane | Monique | Rita | Nicole | Godelieve | Marie-Louise | Lutgarde | Jeannine | Linda | Annie
    Christine | Francine | Greta | Hilda | Chantal | Lieve | Martine | Viviane | Marleen | Magda | Denise | Diane | Rosette
    Anne-Marie | Agnes | Mia | Ingrid | Liliane | Marie-Jeanne | Bernadette | Hilde | Nadine | Myriam | Arlette | Erna
    Betty | Josiane | Lena | Sonja | Claudine | Danielle | Roos | Cecile | Annemie | Marie-Rose`,
    `Luc | Jan | Willy | Paul | Eric | Marc | Dirk | Johan | Jozef | Guido | Etienne | Freddy | Roland | Herman | Walter
    Daniel | Michel | Jean-Pierre | André | Patrick | Rudy | Eddy | Roger | Frans | Hugo | Ronny | Karel | Pieter | Jacques
    Rik | Lucien | Erik | Christian | Norbert | Philippe | Robert | Wilfried | Gilbert | Danny | Antoine | Marcel | Jean
    Raf | Leo | Hubert | Albert`,
  ),
  cohort(
    1975,
    `Ann | Nathalie | Sabine | Martine | Katrien | Carine | Sandra | Kathleen | Els | An | Hilde | Christel | Ingrid | Peggy
    Kristien | Veerle | Inge | Isabelle | Tania | Caroline | Sofie | Heidi | Wendy | Griet | Annick | Karin | Patricia | Katia
    Anja | Nancy | Greet | Karen | Mieke | Lieve | Cindy | Marleen | Petra | Tine | Valérie | Vera | Leen | Dominique | Bianca
    Ilse | Marijke | Sylvia | Goedele | Machteld`,
    `Patrick | Peter | Dirk | Marc | Johan | Kurt | Geert | Luc | Jan | Bart | Filip | Kris | Tom | Koen | Stefan | Danny
    Wim | Rudi | Philippe | Frank | Erik | Steven | Ivan | Guy | Mario | Christophe | Stijn | Hans | Yves | Paul | Carl | Gert
    Peter-Jan | Pascal | Jürgen | Dominique | Marnix | Werner | Jo | Piet | Bruno | Sven | Alain | Didier | Franky | Joris
    Raf | Lieven`,
  ),
  cohort(
    1990,
    `Sofie | Stephanie | Sarah | Elke | Evelien | Liesbeth | Kim | Charlotte | Joke | Ellen | Lies | Tine | Leen | Evelyne | An
    Lien | Karen | Jolien | Nele | Annelies | Katrien | Julie | Melissa | Eva | Laura | Hanne | Marieke | Sara | Tinne | Tamara
    Jessica | Elise | Barbara | Lindsay | Veerle | Ine | Goele | Kelly | Maaike | Valerie | Jana | Eline | Inge | Isabel | Griet
    Dorien | Katleen | Femke`,
    `Tom | Bart | Pieter | Thomas | Tim | Kevin | Wouter | Jeroen | Stijn | Jan | Steven | Dieter | Jonas | Koen | Maarten
    Dries | David | Bert | Kristof | Sven | Nick | Frederik | Glenn | Joris | Davy | Jelle | Niels | Ruben | Simon | Michael
    Matthias | Wim | Sam | Joachim | Bram | Gert | Nico | Andy | Hannes | Peter | Tomas | Christophe | Ben | Jens | Jasper
    Roel | Yannick | Brecht`,
  ),
  cohort(
    2005,
    `Laura | Julie | Emma | Lisa | Marie | Charlotte | Lotte | Amber | Sarah | Eline | Lore | Jana | Jolien | Hanne | Sara
    Silke | Axelle | Margot | Femke | Eva | Anna | Noor | Amelie | Fien | Febe | Luna | Kato | Elise | Zoë | Louise | Paulien
    Ella | Britt | Ine | Yana | Nina | Caro | Kaat | Helena | Ines | Merel | Robin | Lien | Janne | Aline | Tess | Manon | Nore`,
    `Thomas | Robbe | Arne | Lukas | Jonas | Wout | Niels | Jelle | Jarne | Kobe | Simon | Ruben | Milan | Daan | Sander
    Senne | Matthias | Lars | Brecht | Seppe | Bram | Jasper | Stijn | Jens | Tibo | Robin | Lander | Yoran | Xander | Bryan
    Emiel | Warre | Jef | Louis | Victor | Nathan | Mathis | Jordy | Brent | Rune | Dylan | Yannick | Maxim | Elias | Siebe
    Dries | Michiel | Tijl`,
  ),
  cohort(
    9999,
    `Olivia | Emma | Louise | Mila | Nora | Lucie | Ella | Noor | Marie | Elena | Anna | Alice | Julie | Fien | Lina | Juliette
    Camille | Liv | Renée | Lotte | Lore | Oona | Amélie | Elise | Jade | Nina | Hanne | Axelle | Billie | Ellie | Roos | Lily
    Laura | Zoë | Janne | Luna | Estelle | Josephine | Febe | Yara | Lou | Cato | Pippa | Margaux | Paulien | Suzanne | Tess | Ava`,
    `Noah | Arthur | Liam | Jules | Louis | Lucas | Adam | Victor | Finn | Mathis | Lewis | Oscar | Leon | Vic | Matteo | Lars
    Kobe | Seppe | Wout | Emiel | Nathan | Mats | Elias | Stan | Warre | Felix | Gust | Otis | Lowie | Achiel | Jef | Sem | Remi
    Rayan | Mauro | Rune | Basiel | Casper | Ferre | Thibault | Lou | Cyriel | Alexander | Jasper | Tuur | Senne | Jack | Mil`,
  ),
]

/** Families from elsewhere: some ten in a hundred. */
interface Origin {
  surnames: RankedList<string>
  F: RankedList<string>
  M: RankedList<string>
}

function origin(surnames: string, women: string, men: string): Origin {
  return {
    surnames: new RankedList(list(surnames), 6),
    F: new RankedList(list(women), 6),
    M: new RankedList(list(men), 6),
  }
}

export const ORIGINS: readonly Origin[] = [
  origin(
    `Benali | El Amrani | Bouazza | El Idrissi | Haddad | Amrani | El Khattabi | Azzouzi | Chaouch | Bakkali | El Yousfi
    Ouali | Saidi | Tahiri | Ben Moussa | El Hamdaoui | Bensaid | Zerouali | Lamrani | Achahbar`,
    'Fatima | Yasmina | Samira | Nadia | Khadija | Malika | Imane | Salma | Hanane | Naima | Amina | Sara | Rania | Ikram',
    'Mohamed | Ahmed | Youssef | Rachid | Karim | Hassan | Ayoub | Bilal | Hamza | Omar | Mustapha | Said | Ilias | Anas',
  ),
  origin(
    `Yilmaz | Kaya | Demir | Şahin | Çelik | Yildiz | Yildirim | Öztürk | Aydin | Özdemir | Arslan | Doğan | Kiliç | Aslan
    Çetin | Kara | Koç | Kurt | Özkan | Şimşek`,
    'Fatma | Ayşe | Emine | Hatice | Zeynep | Elif | Meryem | Sultan | Özlem | Esra | Büşra | Derya | Selin | Leyla',
    'Mehmet | Mustafa | Ahmet | Ali | Hüseyin | Hasan | İbrahim | Murat | Emre | Yusuf | Ömer | Fatih | Serkan | Kerem',
  ),
  origin(
    `Nowak | Kowalski | Popescu | Ivanov | Nguyen | Da Silva | Fernandes | Kovács | Novák | Rossi | Singh | Ahmadi | Diallo
    Mohammadi | Santos | Dimitrov | Petrov | García | O'Brien | Müller | Tran | Okafor | Al-Hassan | Hosseini | Ionescu`,
    'Katarzyna | Agnieszka | Elena | Ioana | Thi Lan | Ana | Zsófia | Giulia | Priya | Zahra | Aïssatou | Svetlana | Lucía',
    'Piotr | Tomasz | Andrei | Mihai | Van Minh | João | László | Marco | Harpreet | Reza | Mamadou | Dimitar | Pablo',
  ),
]

/** First names as they are given in a year; `origin` 0 is Flemish, from 1 on a place of ORIGINS. */
export function firstNames(birthYear: number, gender: 'F' | 'M', origin: number): RankedList<string> {
  const elsewhere = ORIGINS[origin - 1]
  if (elsewhere) return elsewhere[gender]
  const found = COHORTS.find(({ until }) => birthYear <= until)
  if (!found) throw new RangeError(`no first names for ${birthYear}`)
  return found[gender]
}

/** What people call themselves; a form at the desk has either. */
export const SHORT_FORMS: Readonly<Record<string, readonly string[]>> = {
  Maria: ['Mia', 'Ria', 'Marie'],
  Jozef: ['Jos', 'Jef'],
  Johan: ['Jo'],
  Albert: ['Bert'],
  Frans: ['Sus', 'Franciscus'],
  Pieter: ['Piet', 'Peter'],
  Petrus: ['Piet', 'Pierre'],
  Alfons: ['Fons'],
  Gustaaf: ['Gust', 'Staf'],
  Antoon: ['Toon', 'Antoine'],
  Camiel: ['Miel'],
  Emiel: ['Miel'],
  Karel: ['Charles'],
  Louis: ['Lowie'],
  Willy: ['Wilfried'],
  Robert: ['Rob'],
  Daniel: ['Danny'],
  Patrick: ['Pat'],
  Philippe: ['Filip'],
  Thomas: ['Tom'],
  Matthias: ['Mattias', 'Thias'],
  Frederik: ['Fre', 'Fred'],
  Christophe: ['Chris', 'Kristof'],
  Kristof: ['Kris', 'Christophe'],
  Alexander: ['Alex', 'Xander'],
  Michael: ['Mike'],
  Steven: ['Steve'],
  Godelieve: ['Lieve', 'Godelief'],
  Elisabeth: ['Lisbeth', 'Betty'],
  Liesbeth: ['Lies'],
  Margaretha: ['Greta', 'Margriet'],
  Josephina: ['Fien', 'José'],
  Christiane: ['Chris', 'Christine'],
  Christine: ['Chris', 'Tine'],
  Katrien: ['Trien', 'Kaat'],
  Kathleen: ['Katleen', 'Kath'],
  Nathalie: ['Natalie'],
  Stephanie: ['Stefanie', 'Steffi'],
  Charlotte: ['Lotte'],
  Evelien: ['Eve'],
  Annelies: ['An', 'Lies'],
  Marieke: ['Marie'],
  Lutgarde: ['Lut', 'Lutgart'],
  Magda: ['Magdalena'],
  Monique: ['Moniek'],
  Jolien: ['Jo'],
  Mohamed: ['Mohammed', 'Mo'],
  Fatima: ['Fatiha'],
  Mustapha: ['Mustafa'],
}
