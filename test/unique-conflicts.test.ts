import { aContact, aHold, aSubscription } from './support/examples'
import { mergedAndBack } from './support/mergedAndBack'
import { useDatabase } from './support/useDatabase'

const setting = useDatabase()

/** Every unique index with a patron in its key: two records can hold the same key, and a case below says what happens. */
const CASES: Record<string, string> = {
  hold_open: 'both have an open hold on one title for one pickup library',
  contact_known: 'both have the same contact',
  contact_primary: 'both have a primary contact of one kind',
  history_preference_pkey: 'both have a preference at one library',
}

test('every unique index on what hangs on a patron has a case here, or a key that no two records can both hold', async () => {
  const found = await setting.pool.query<{ index: string; columns: string[] }>(
    `select c.relname::text as index, array_agg(a.attname::text order by a.attname) as columns
     from pg_index i join pg_class c on c.oid = i.indexrelid
       cross join lateral unnest(i.indkey::int2[]) as k (attnum)
       left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
     where i.indisunique and i.indrelid in (
       select conrelid from pg_constraint where contype = 'f' and confrelid = 'patron'::regclass and conrelid <> 'patron'::regclass)
     group by c.relname`,
  )
  const withPatron = found.rows.filter(({ columns }) => columns.includes('patron'))
  expect(withPatron.map(({ index }) => index).sort()).toEqual(Object.keys(CASES).sort())
  // a key without a patron in it is one row's, whoever it hangs on: moving it meets nothing
  const others = found.rows.filter(({ columns }) => !columns.includes('patron'))
  expect(others.every(({ columns }) => ['id', 'number'].includes(columns.join()))).toBe(true)
  expect(others.length).toBeGreaterThan(0)
})

describe(`hold_open: ${CASES.hold_open}`, () => {
  test('the earlier one stays, the other is cancelled, told, and open again after the way back', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { holds: [aHold(1, { placedAt: '2026-11-02T09:00:00.000Z', status: 'suspended' })] },
      removed: { holds: [aHold(2, { placedAt: '2026-11-01T09:00:00.000Z' })] },
    })
    expect(merged.kept.holds.map(({ id, status, reason }) => [id, status, reason])).toEqual([
      [1, 'cancelled', 'duplicate-after-merge'],
      [2, 'waiting', null],
    ])
    expect(merged.warnings).toEqual([{ code: 'hold-collapsed', concerns: { holds: [1], libraries: ['ZOT'] } }])
    expect(merged.counts('transferHolds')).toMatchObject({ holds: 1, collapsed: 1 })
  })

  test('a ready one stays though the other is earlier', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { holds: [aHold(1, { placedAt: '2026-11-02T09:00:00.000Z', status: 'ready' })] },
      removed: { holds: [aHold(2, { placedAt: '2026-11-01T09:00:00.000Z' })] },
    })
    expect(merged.kept.holds.map(({ status }) => status)).toEqual(['ready', 'cancelled'])
    expect(merged.warnings).toEqual([{ code: 'hold-collapsed', concerns: { holds: [2], libraries: ['ZOT'] } }])
  })

  test('of two that were placed at the same moment the lower id stays, written in whatever offset', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { holds: [aHold(2, { placedAt: '2026-11-01T10:00:00.000+01:00' }), aHold(3, { title: 'T2' })] },
      removed: { holds: [aHold(1, { placedAt: '2026-11-01T09:00:00.000Z' }), aHold(4, { title: 'T2' })] },
    })
    expect(merged.kept.holds.map(({ id, status }) => [id, status])).toEqual([
      [1, 'waiting'],
      [2, 'cancelled'],
      [3, 'waiting'],
      [4, 'cancelled'],
    ])
    expect(merged.counts('transferHolds')).toMatchObject({ holds: 2, collapsed: 2 })
  })
})

describe(`contact_known: ${CASES.contact_known}`, () => {
  test('in another spelling and another kind it is not doubled, the ledger has the whole of it, and it is counted', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { contacts: [aContact(1, 'email', 'mia@example.org'), aContact(2, 'phone', '0470 12 34 56')] },
      removed: {
        contacts: [aContact(3, 'email', 'MIA@example.org'), aContact(4, 'mobile', '+32 (0)470 123456', true)],
      },
    })
    expect(merged.kept.contacts).toEqual([
      aContact(1, 'email', 'mia@example.org'),
      aContact(2, 'phone', '0470 12 34 56'),
    ])
    expect(merged.counts('transferContacts')).toEqual({ contacts: 0, known: 2 })
    expect(merged.told.map(({ now, was }) => [now, was.value])).toEqual([
      [null, 'MIA@example.org'],
      [null, '+32 (0)470 123456'],
    ])
  })

  test('that a record has it twice hinders nothing, on either side', async () => {
    const twice = (id: number) => [
      aContact(id, 'phone', '0470 12 34 56'),
      aContact(id + 1, 'mobile', '0470123456', true),
    ]
    const onKept = await mergedAndBack(setting, { kept: { contacts: twice(1) }, removed: { contacts: twice(3) } })
    expect(onKept.kept.contacts).toEqual(twice(1))
    expect(onKept.counts('transferContacts')).toEqual({ contacts: 0, known: 2 })
    const onRemoved = await mergedAndBack(setting, { removed: { contacts: twice(3) } })
    expect(onRemoved.kept.contacts).toEqual(twice(3))
    expect(onRemoved.counts('transferContacts')).toEqual({ contacts: 2, known: 0 })
  })
})

describe(`contact_primary: ${CASES.contact_primary}`, () => {
  test('the kept record keeps its own; the other moves without the mark and gets it back on the way back', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { contacts: [aContact(1, 'email', 'mia@example.org', true)] },
      removed: {
        contacts: [aContact(2, 'email', 'm.janssens@example.net', true), aContact(3, 'mobile', '0470 12 34 56', true)],
      },
    })
    expect(merged.kept.contacts).toEqual([
      aContact(1, 'email', 'mia@example.org', true),
      aContact(2, 'email', 'm.janssens@example.net', false),
      aContact(3, 'mobile', '0470 12 34 56', true),
    ])
    expect(merged.counts('transferContacts')).toEqual({ contacts: 2, known: 0 })
  })

  test('a double gives its mark to a contact of its own kind, and to no other', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { contacts: [aContact(1, 'phone', '09 360 11 22'), aContact(2, 'phone', '0470 12 34 56')] },
      removed: {
        contacts: [aContact(3, 'phone', '+32 9 360 11 22', true), aContact(4, 'mobile', '0470 12 34 56', true)],
      },
    })
    expect(merged.kept.contacts.map(({ id, primary }) => [id, primary])).toEqual([
      [1, true],
      [2, false],
    ])
  })
})

describe(`history_preference_pkey: ${CASES.history_preference_pkey}`, () => {
  test.each([true, false])(
    'the kept record keeps its own (%s); the dropped one is counted and comes back',
    async (enabled) => {
      const merged = await mergedAndBack(setting, {
        kept: { historyPreferences: [{ library: 'ZOT', enabled }] },
        removed: { historyPreferences: [{ library: 'ZOT', enabled: !enabled }] },
      })
      expect(merged.kept.historyPreferences).toEqual([{ library: 'ZOT', enabled }])
      expect(merged.counts('transferLoanHistory')).toMatchObject({ preferences: 0, preferencesDropped: 1 })
    },
  )

  test('where both are registered and the kept record has none, none is taken over: not on record is off', async () => {
    const merged = await mergedAndBack(setting, {
      kept: { subscriptions: [aSubscription(1)] },
      removed: { subscriptions: [aSubscription(2)], historyPreferences: [{ library: 'ZOT', enabled: true }] },
    })
    expect(merged.kept.historyPreferences).toEqual([])
    expect(merged.counts('transferLoanHistory')).toMatchObject({ preferences: 0, preferencesDropped: 1 })
  })
})
