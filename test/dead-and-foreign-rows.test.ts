import { aCharge, aContact, aHold, aLoan, aMessage, aReturnedLoan, aSubscription } from './support/examples'
import { mergedAndBack } from './support/mergedAndBack'
import { useDatabase } from './support/useDatabase'

const setting = useDatabase()
const PRIVATE = { library: 'ZOT', enabled: false }

describe('what is dead or elsewhere is no conflict', () => {
  test.each([
    [
      'the kept record',
      { kept: { holds: [aHold(1, { status: 'cancelled', reason: 'too-late' })] }, removed: { holds: [aHold(2)] } },
    ],
    [
      'the removed record',
      { kept: { holds: [aHold(2)] }, removed: { holds: [aHold(1, { status: 'cancelled', reason: 'too-late' })] } },
    ],
  ])('a cancelled hold of %s leaves the open one alone', async (_, given) => {
    const merged = await mergedAndBack(setting, given)
    expect(merged.kept.holds).toEqual([aHold(1, { status: 'cancelled', reason: 'too-late' }), aHold(2)])
    expect(merged.codes).toEqual([])
  })

  test('the same title for another pickup library stays open', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { holds: [aHold(1, { library: 'OOS' })] },
      removed: { holds: [aHold(2), aHold(3, { title: 'T2', library: 'OOS' })] },
    })
    expect(merged.kept.holds.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting'])
    expect(merged.codes).toEqual([])
  })

  test('an expired subscription of the kept record does not stop the active one of the removed record', async () => {
    const expired = aSubscription(1, { endsOn: '2026-11-23' })
    const merged = await mergedAndBack(setting, {
      kept: { subscriptions: [expired] },
      removed: { subscriptions: [aSubscription(2)] },
    })
    expect(merged.kept.subscriptions).toEqual([expired, aSubscription(2)])
    expect(merged.codes).toEqual(['valid-subscription-on-removed'])
  })

  test('an expired subscription of the removed record is deleted, and the active one of the kept record is as it was', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { subscriptions: [aSubscription(1)] },
      removed: {
        subscriptions: [aSubscription(2, { stoppedOn: '2026-11-24' }), aSubscription(3, { endsOn: '2026-11-23' })],
      },
    })
    expect(merged.kept.subscriptions).toEqual([aSubscription(1)])
    expect(merged.warnings).toEqual([
      { code: 'expired-subscriptions-deleted', concerns: { subscriptions: [2, 3], libraries: ['ZOT'] } },
    ])
  })

  test('an active subscription at another library is not stopped', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { subscriptions: [aSubscription(1, { library: 'OOS' })] },
      removed: { subscriptions: [aSubscription(2)] },
    })
    expect(merged.kept.subscriptions[1]).toEqual(aSubscription(2))
    expect(merged.codes).toEqual([])
  })

  test('one that starts later is active: it is stopped on the merge date', async () => {
    const later = aSubscription(2, { startsOn: '2027-01-01', stoppedOn: '2027-06-01' })
    const merged = await mergedAndBack(setting, {
      kept: { subscriptions: [aSubscription(1)] },
      removed: { subscriptions: [later] },
    })
    expect(merged.kept.subscriptions[1]).toEqual({ ...later, stoppedOn: '2026-11-24' })
    expect(merged.codes).toEqual(['subscription-stopped'])
  })

  test('a preference that says off where one of the two is not registered erases nothing', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { historyPreferences: [PRIVATE], subscriptions: [aSubscription(1, { library: 'OOS' })] },
      removed: { loanHistory: [aReturnedLoan(1)], subscriptions: [aSubscription(2)] },
    })
    expect(merged.kept.loanHistory).toEqual([aReturnedLoan(1)])
    expect(merged.counts('transferLoanHistory')).toMatchObject({ loanHistory: 1, erased: 0 })
    expect(merged.codes).toEqual([])
  })

  test('a preference moves to a record that is not registered there', async () => {
    const merged = await mergedAndBack(setting, {
      removed: { historyPreferences: [PRIVATE, { library: 'OOS', enabled: true }], loanHistory: [aReturnedLoan(1)] },
    })
    expect(merged.kept.historyPreferences).toEqual([{ library: 'OOS', enabled: true }, PRIVATE])
    expect(merged.counts('transferLoanHistory')).toMatchObject({
      preferences: 2,
      preferencesDropped: 0,
      loanHistory: 1,
    })
  })

  test('an expired subscription of both is a registration: the kept record is asked whether history is kept', async () => {
    const expired = (id: number) => aSubscription(id, { endsOn: '2025-12-31' })
    const merged = await mergedAndBack(setting, {
      kept: { subscriptions: [expired(1)] },
      removed: { subscriptions: [expired(2)], loanHistory: [aReturnedLoan(1), aReturnedLoan(2, { library: 'OOS' })] },
    })
    expect(merged.kept.loanHistory).toEqual([aReturnedLoan(2, { library: 'OOS' })])
    expect(merged.warnings[0]).toEqual({ code: 'history-erased', concerns: { loans: 1, libraries: ['ZOT'] } })
    expect(merged.counts('transferLoanHistory')).toMatchObject({ loanHistory: 1, erased: 1, erasedAt: { ZOT: 1 } })
  })
})

test('what ordinary screens hide moves too, and is counted', async () => {
  const hidden = {
    holds: [aHold(1, { status: 'cancelled', reason: 'too-late' }), aHold(2, { status: 'suspended' })],
    // stopped, from tomorrow on: active still
    subscriptions: [
      aSubscription(1, { stoppedOn: '2026-11-25' }),
      aSubscription(2, { library: 'OOS', startsOn: '2027-01-01' }),
    ],
    charges: [aCharge(1), aCharge(2, { kind: 'lost', amount: 0 })],
    payments: [{ id: 1, charge: 1, amount: 500, paidOn: '2026-02-03' }],
    cards: [
      { number: 'A', library: 'ZOT', status: 'blocked' as const },
      { number: 'B', library: null, status: 'lost' as const },
    ],
    loans: [aLoan(1)],
    loanHistory: [aReturnedLoan(1)],
    messages: [aMessage(1), aMessage(2, { kind: 'remark', author: null })],
    contacts: [aContact(1, 'phone', "enkel 's avonds")],
    historyPreferences: [PRIVATE],
  }
  const merged = await mergedAndBack(setting, { removed: hidden })
  expect(merged.kept).toMatchObject({ ...hidden, cards: expect.anything() as unknown })
  expect(merged.kept.cards.map(({ status }) => status).sort()).toEqual(['blocked', 'lost'])
  expect(merged.told).toEqual([])
  expect(merged.counts('transferHolds')).toMatchObject({ holds: 2 })
  expect(merged.counts('transferSubscriptions')).toMatchObject({ subscriptions: 2, stopped: 0, deleted: 0 })
  expect(merged.counts('transferFees')).toMatchObject({ charges: 2, open: 0 })
  expect(merged.counts('transferCards')).toEqual({ cards: 2 })
  expect(merged.counts('transferMessages')).toEqual({ messages: 2 })
  expect(merged.counts('transferLoans')).toEqual({ loans: 1 })
})

test('every card that moved finds the kept record, whatever its status', async () => {
  const cards = (['active', 'blocked', 'lost'] as const).map((status) => ({ number: status, library: 'ZOT', status }))
  const merged = await mergedAndBack(setting, { removed: { cards } })
  expect(merged.kept.cards).toEqual(cards)
})
