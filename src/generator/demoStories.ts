import { dayOf, isoDate, type Day } from './dates'
import type { Ids } from './ids'
import { nationalNumber } from './nationalNumber'
import { accountId } from './portalAccounts'
import type { Address, PatronRecord, PortalAccountRecord } from './records'
import { StoryRows } from './storyRows'

interface Pair {
  keep: number
  remove: number
}

export interface DemoPairs {
  /** Nearly every warning at once, `history-erased` among them. */
  warnings: Pair
  /** Nothing to be told but a valid membership elsewhere. */
  simple: Pair
  /** Two children of one birthday: `different-person`. */
  twins: Pair
  /** Registered online by who knows whom: `unverified-login-gains-access`. */
  onlineRegistration: Pair
  /** Father and son: refused, `different-national-numbers`. */
  twoNumbers: Pair
  /** Refused, `charges-in-collection`. */
  inCollection: Pair
}

interface Stories {
  patrons: PatronRecord[]
  accounts: PortalAccountRecord[]
  pairs: DemoPairs
}

/** Two patrons each; ids from 2001 on, in this order. */
export function demoStories(today: Day, ids: Ids): Stories {
  const make = new StoryRows(today, ids)
  return {
    patrons: [
      ...warnings(make),
      ...simple(make),
      ...twins(make),
      ...onlineRegistration(make),
      ...twoNumbers(make),
      ...inCollection(make),
    ],
    accounts: [
      account(2001, [
        ['ZOT', 2001],
        ['ZOT', 2002],
        ['GAV', 2002],
      ]),
      account(2004, [['OOS', 2004]]),
      account(2008, [['ZOT', 2008]]),
    ],
    pairs: {
      warnings: { keep: 2001, remove: 2002 },
      simple: { keep: 2003, remove: 2004 },
      twins: { keep: 2005, remove: 2006 },
      onlineRegistration: { keep: 2007, remove: 2008 },
      twoNumbers: { keep: 2009, remove: 2010 },
      inCollection: { keep: 2011, remove: 2012 },
    },
  }
}

function account(id: number, links: [library: string, actorId: number][]): PortalAccountRecord {
  return {
    type: 'portalAccount',
    id: accountId(id),
    links: links.map(([library, actorId]) => ({ library, actorId })),
  }
}

/** Moved from Gavere to Zottegem, and was given a second record there beside one that she had forgotten. */
function warnings(make: StoryRows): PatronRecord[] {
  const mia = { lastName: 'Janssens', firstName: 'Mia', birthDate: '1984-03-12' }
  const number = nationalNumber(dayOf(1984, 3, 12), 'F', 10, false)
  const written = `eID ${number.replace(/^(..)(..)(..)(...)(..)$/, '$1.$2.$3-$4.$5')}`
  return [
    make.patron(2001, 4_000, 12, {
      ...mia,
      address: address('Dorpsstraat', '12', '9620', 'Zottegem', '3'),
      legitimation: 'identiteitskaart',
      contacts: [
        { kind: 'email', value: 'mia.janssens@example.org', primary: true },
        { kind: 'mobile', value: '0470 12 34 56', primary: true },
      ],
      cards: [make.card('ZOT')],
      subscriptions: [make.member('ZOT', 120)],
      historyPreferences: [{ library: 'ZOT', enabled: false }],
      loans: [make.loan('ZOT', 'T77', 12)],
      holds: [make.hold('ZOT', 'T90', 30, 'waiting'), make.hold('ZOT', 'T731', 9, 'waiting')],
      charges: [make.charge('ZOT', 'membership', 500, 120)],
      messages: [make.notice('ZOT', 'Pas vergeten, volgende keer tonen', 40)],
    }),
    make.patron(2002, 2_500, 3, {
      ...mia,
      gender: 'F',
      address: address('Kasteeldreef', '8', '9890', 'Gavere'),
      legitimation: written,
      contacts: [
        { kind: 'email', value: 'Mia.Janssens@example.org', primary: true },
        { kind: 'mobile', value: '+32 470 12 34 56', primary: true },
        { kind: 'phone', value: '09 384 55 66', primary: true },
      ],
      cards: [make.card('GAV'), make.card('ZOT')],
      subscriptions: [make.member('GAV', 1_700), make.member('ZOT', 60)],
      historyPreferences: [
        { library: 'GAV', enabled: true },
        { library: 'ZOT', enabled: true },
      ],
      loans: [make.loan('ZOT', 'T731', 3)],
      loanHistory: [
        ...[1_300, 1_240, 1_100].map((days, place) => make.returned('GAV', 400 + place, days)),
        ...[50, 44, 30, 16].map((days, place) => make.returned('ZOT', 410 + place, days)),
      ],
      holds: [make.hold('ZOT', 'T90', 20, 'waiting'), make.hold('ZOT', 'T417', 14, 'ready')],
      charges: [make.charge('ZOT', 'membership', 500, 60), make.charge('GAV', 'overdue', 120, 1_000)],
      messages: [make.notice('GAV', 'Hoesje van dvd ontbreekt', 1_050)],
    }),
  ]
}

/** Lives in Zottegem, works in Oosterzele. */
function simple(make: StoryRows): PatronRecord[] {
  const luc: Partial<PatronRecord> = {
    lastName: 'Van de Velde',
    firstName: 'Luc',
    gender: 'M',
    birthDate: '1957-09-30',
    nationalNumber: nationalNumber(dayOf(1957, 9, 30), 'M', 42, false),
    address: address('Stationsstraat', '101', '9620', 'Zottegem'),
  }
  return [
    make.patron(2003, 5_600, 5, {
      ...luc,
      contacts: [{ kind: 'phone', value: '09/360.11.22', primary: true }],
      cards: [make.card('ZOT')],
      subscriptions: [make.member('ZOT', 200)],
      historyPreferences: [{ library: 'ZOT', enabled: true }],
      loans: [make.loan('ZOT', 'T15', 5)],
      loanHistory: [make.returned('ZOT', 16, 80)],
    }),
    make.patron(2004, 900, 30, {
      ...luc,
      contacts: [{ kind: 'phone', value: '+32 9 360 11 22', primary: true }],
      cards: [make.card('OOS')],
      subscriptions: [make.member('OOS', 250)],
      historyPreferences: [{ library: 'OOS', enabled: true }],
      loans: [make.loan('OOS', 'T18', 20)],
      loanHistory: [make.returned('OOS', 19, 60)],
      holds: [make.hold('OOS', 'T20', 31, 'waiting')],
      charges: [make.charge('OOS', 'overdue', 60, 60)],
    }),
  ]
}

function twins(make: StoryRows): PatronRecord[] {
  return ['Lotte', 'Fien'].map((firstName, place) =>
    make.patron(2005 + place, 1_400, 20 + place, {
      lastName: 'Verhoeven',
      firstName,
      gender: 'F',
      birthDate: '2014-06-21',
      address: address('Molenstraat', '44', '9860', 'Scheldewindeke'),
      legitimation: 'kids-ID',
      contacts: [{ kind: 'email', value: 'fam.verhoeven@example.net', primary: true }],
      cards: [make.card('OOS')],
      subscriptions: [make.member('OOS', 300, 'child')],
      loans: [make.loan('OOS', `T${60 + place}`, 20)],
    }),
  )
}

/** The online record brings no document: whoever made it would be given this account. */
function onlineRegistration(make: StoryRows): PatronRecord[] {
  const sofie: Partial<PatronRecord> = { lastName: 'De Clercq', firstName: 'Sofie', birthDate: '1991-01-17' }
  return [
    make.patron(2007, 3_300, 8, {
      ...sofie,
      gender: 'F',
      nationalNumber: nationalNumber(dayOf(1991, 1, 17), 'F', 133, false),
      address: address('Kerkstraat', '5', '9620', 'Velzeke-Ruddershove'),
      contacts: [{ kind: 'mobile', value: '0486/22.33.44', primary: true }],
      cards: [make.card('ZOT')],
      subscriptions: [make.member('ZOT', 90)],
      loans: [make.loan('ZOT', 'T301', 8)],
    }),
    make.patron(2008, 40, 40, {
      ...sofie,
      gender: 'F',
      registeredOnline: true,
      internetBlock: { reason: 'online-registration' },
      address: address('Kerkstraat', '5', '9620', 'Velzeke-Ruddershove'),
      contacts: [{ kind: 'email', value: 'sofie.leest@example.com', primary: true }],
      cards: [make.card('ZOT')],
      subscriptions: [make.member('ZOT', 40)],
    }),
  ]
}

function twoNumbers(make: StoryRows): PatronRecord[] {
  const jan: Partial<PatronRecord> = {
    lastName: 'De Smet',
    firstName: 'Jan',
    gender: 'M',
    address: address('Markt', '3', '9890', 'Gavere'),
    contacts: [{ kind: 'phone', value: '09 384 10 20', primary: true }],
  }
  return [
    [1952, 6_800],
    [1979, 3_100],
  ].map(([year = 1952, since = 0], place) =>
    make.patron(2009 + place, since, 15, {
      ...jan,
      birthDate: isoDate(dayOf(year, 5, 2)),
      nationalNumber: nationalNumber(dayOf(year, 5, 2), 'M', 71 + place, false),
      cards: [make.card('GAV')],
      subscriptions: [make.member('GAV', 180)],
    }),
  )
}

function inCollection(make: StoryRows): PatronRecord[] {
  const yusuf: Partial<PatronRecord> = {
    lastName: 'Yilmaz',
    firstName: 'Yusuf',
    gender: 'M',
    birthDate: '1999-11-08',
    address: address('Veldstraat', '27', '9860', 'Oosterzele'),
    contacts: [{ kind: 'email', value: 'yusuf.yilmaz@example.org', primary: true }],
  }
  return [
    make.patron(2011, 500, 25, {
      ...yusuf,
      cards: [make.card('OOS')],
      subscriptions: [make.member('OOS', 130)],
    }),
    make.patron(2012, 2_200, 1_500, {
      ...yusuf,
      cards: [make.card('ZOT')],
      subscriptions: [make.member('ZOT', 1_400)],
      charges: [{ ...make.charge('ZOT', 'lost', 2_450, 1_450), inCollection: true }],
    }),
  ]
}

function address(street: string, number: string, postcode: string, city: string, box?: string): Address {
  return box === undefined ? { street, number, postcode, city } : { street, number, box, postcode, city }
}
