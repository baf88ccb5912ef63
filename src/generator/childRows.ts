import { brusselsInstant } from './dates'
import { addFirstWish, addHistoryEntry, addHold, addLoan } from './lendingRows'
import { addAnotherPreference, addCard, addPreference, addSubscription } from './membershipRows'
import { addCharge, addPayment, sendToCollection } from './moneyRows'
import { RowsDraft, type ChildRows, type RowsRequest } from './rowsDraft'

/** Two records of a person at one library both want the same title in some three of ten, both owe a fee in one of six. */
const FIRST_WISH_SHARE = 0.55
const FIRST_CHARGE_SHARE = 0.6

/** Makes exactly `total` rows: what membership needs, then one after the other of any kind. */
export function childRowsOf(request: RowsRequest): ChildRows {
  const draft = new RowsDraft(request)
  const { standing, keepsHistory, total } = request
  let room = total - draft.rows.contacts.length
  if (room-- > 0) addSubscription(draft, draft.home, standing.active)
  if (room-- > 0) addCard(draft)
  if (keepsHistory !== null || draft.random.chance(0.8)) {
    if (room-- > 0) addPreference(draft, draft.home, keepsHistory ?? draft.random.chance(0.68))
  }
  for (const library of standing.libraries.slice(1)) {
    if (room-- > 0) addSubscription(draft, library, standing.active && draft.random.chance(0.6))
  }
  if (request.isDuplicate) {
    if (draft.random.chance(FIRST_WISH_SHARE) && room-- > 0) addFirstWish(draft)
    if (draft.random.chance(FIRST_CHARGE_SHARE) && room-- > 0) addCharge(draft)
  }
  for (; room > 0; room--) addAny(draft)
  if (request.mayBeInCollection) sendToCollection(draft)
  return draft.rows
}

/** One row: where the kind that was drawn is not possible, of another kind. */
function addAny(draft: RowsDraft): void {
  const draw = draft.random.below(100)
  if (draw < 22) return addLoan(draft) || addHistoryEntry(draft) ? undefined : addOther(draft)
  if (draw < 50) return addHistoryEntry(draft) ? undefined : addOther(draft)
  if (draw < 63) return addHold(draft)
  if (draw < 76) return addCharge(draft)
  if (draw < 87) return addPayment(draft) ? undefined : addCharge(draft)
  if (draw < 93) return addMessage(draft)
  if (draw < 95) return addCard(draft) ? undefined : addMessage(draft)
  if (draw < 97) return addSubscription(draft, draft.anyLibrary(), false)
  return addAnotherPreference(draft) ? undefined : addMessage(draft)
}

/** Where nothing is lent: something that is always possible. */
function addOther(draft: RowsDraft): void {
  const draw = draft.random.below(3)
  if (draw === 0) return addCharge(draft)
  return draw === 1 ? addMessage(draft) : addHold(draft)
}

/** Nothing in them is about anybody's person. */
const TEXTS = {
  notice: [
    'Boek met waterschade ingeleverd',
    'Hoesje van dvd ontbreekt',
    'Pas vergeten, volgende keer tonen',
    'Formulier nog te ondertekenen',
    'Gereserveerd boek ligt klaar bij de jeugdafdeling',
    'Adres nakijken bij volgend bezoek',
    'Bladzijde los in teruggebracht boek',
  ],
  remark: [
    'Krijgt de nieuwsbrief liever niet',
    'Leent voor de leesclub',
    'Komt meestal op zaterdag',
    'Wil grote letters',
    'Vraagt luisterboeken',
    'Haalt reservaties af in de hoofdbib',
  ],
} as const

function addMessage(draft: RowsDraft): void {
  const { random } = draft
  const kind = random.chance(0.6) ? 'notice' : 'remark'
  draft.rows.messages.push({
    id: draft.ids.message(),
    library: draft.anyLibrary(),
    kind,
    text: random.pick<string>(TEXTS[kind]),
    createdAt: brusselsInstant(draft.dayWithin(1_200), random.between(9, 18), random.below(60)),
    author: `balie-${random.between(1, 9)}`,
  })
}
