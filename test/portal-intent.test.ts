import { createPortalClient, type PortalClient } from '../src/portal/client'
import { applyIntent, revertIntent } from '../src/portal/intent'
import type { LinkIntent } from '../src/portal/links'
import { planLinks } from '../src/portal/plan'
import { portalOfProcess, type TestPortal } from './support/portal'

let portal: TestPortal
let client: PortalClient
beforeAll(async () => {
  portal = await portalOfProcess()
  client = createPortalClient({ url: portal.url, token: portal.token, timeoutMs: 1_000, callsPerSecond: 1_000 })
})
afterAll(async () => {
  await client.close()
})
afterEach(() => portal.behave({ mode: 'ok' }))

const REMOVED = 2
const KEPT = 1
let count = 0

/** An account of its own with links to these actor ids, and the intent to point the removed one's to the kept one. */
async function given(actorIds: number[], action: LinkIntent['action'] = 'change') {
  count += 1
  const account = `acc-${count}`
  const put = (ids: number[]) =>
    portal.put([{ id: account, links: ids.map((actorId) => ({ library: 'ZOT', actorId })) }])
  await put(actorIds)
  const intent: LinkIntent = { account, library: 'ZOT', from: REMOVED, to: KEPT, action }
  const options = { idempotencyKey: `merge/${count}` }
  return { account, intent, options, put, links: async () => (await portal.dump())[account] }
}

describe('planLinks', () => {
  const link = (account: string, library: string, actorId: number) => ({ account, library, actorId })
  const doing = (intents: LinkIntent[]) => intents.map((i) => `${i.account} ${i.library} ${i.from}>${i.to} ${i.action}`)

  test('changes a link, and removes it where the account has the wanted one at that library', () => {
    const seen = [link('a', 'ZOT', 2), link('a', 'OOS', 2), link('b', 'ZOT', 2)]
    expect(doing(planLinks(seen, 1, [link('a', 'ZOT', 1), link('b', 'ZOT', 9), link('c', 'OOS', 1)]))).toEqual([
      'a ZOT 2>1 remove',
      'a OOS 2>1 change',
      'b ZOT 2>1 change',
    ])
  })

  test('of two old links of one account at one library, one is removed; a link seen twice is one', () => {
    const seen = [link('a', 'ZOT', 2), link('a', 'ZOT', 3), link('a', 'ZOT', 2), link('a', 'ZOT', 1)]
    expect(doing(planLinks(seen, 1, []))).toEqual(['a ZOT 2>1 change', 'a ZOT 3>1 remove'])
  })

  test('does not take one account and library for another', () => {
    const seen = [link('a"', 'b', 2), link('a', '"b', 2)]
    expect(planLinks(seen, 1, [link('a', '"b', 1)]).map((i) => i.action)).toEqual(['change', 'remove'])
  })
})

describe('an intent', () => {
  test.each([
    ['change', [REMOVED], ['ZOT:1'], 'changed'],
    ['remove', [REMOVED, KEPT], ['ZOT:1'], 'removed'],
    // What the patron did between the reading of the links and the call:
    ['change', [REMOVED, KEPT], ['ZOT:1'], 'removed'],
    ['remove', [REMOVED], ['ZOT:1'], 'changed'],
    ['change', [KEPT], ['ZOT:1'], 'gone-already'],
    ['remove', [KEPT], ['ZOT:1'], 'gone-already'],
    ['change', [], [], 'gone-already'],
    ['remove', [], [], 'gone-already'],
    ['change', [3], ['ZOT:3'], 'gone-already'],
  ] as const)('to %s with links to %j ends with %j: %s', async (action, there, after, outcome) => {
    const { intent, options, links } = await given([...there], action)
    expect(await applyIntent(client, intent, options)).toEqual({ outcome })
    expect(await links()).toEqual(after)
    expect(await applyIntent(client, intent, options)).toEqual({ outcome })
    expect(await links()).toEqual(after)
  })

  // Each way of failing, at the first and at the second call; `was` is what the account had.
  const modes = ['error', 'down', 'busy', 'too-many', 'slow', 'lose-answers', 'cut']
  const cases = modes.flatMap((mode) => [
    { mode, operation: 'changeLink', was: [REMOVED], outcome: 'changed' },
    { mode, operation: 'changeLink', was: [REMOVED, KEPT], outcome: 'removed' },
    { mode, operation: 'removeLink', was: [REMOVED, KEPT], outcome: 'removed' },
  ])
  test.each(cases)('whose $operation meets $mode ends right, and is done once: $outcome', async (given_) => {
    const { mode, operation, was, outcome } = given_
    const { intent, options, links } = await given(was)
    await portal.request('DELETE', '/control/counters')
    await portal.behave({ mode, operation, times: 2, delayMs: 1_200 })
    for (let i = 0; i < 2; i += 1) {
      await expect(applyIntent(client, intent, options)).rejects.toMatchObject({ retryable: true })
    }
    expect(await applyIntent(client, intent, options)).toEqual({ outcome })
    expect(await links()).toEqual(['ZOT:1'])
    // A call that came late finds that it was done.
    if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await links()).toEqual(['ZOT:1'])
    expect(Object.values((await portal.counters()).done)).toEqual([1])
  })

  test('refused for one account leaves that one as it is, and the others go on', async () => {
    const one = await given([REMOVED])
    const other = await given([REMOVED])
    await portal.behave({ mode: 'refuse', account: one.account })
    await expect(applyIntent(client, one.intent, one.options)).rejects.toMatchObject({ code: 'portal-refused' })
    expect(await applyIntent(client, other.intent, other.options)).toEqual({ outcome: 'changed' })
    expect(await one.links()).toEqual(['ZOT:2'])
  })

  test('whose answer was lost, and whose link the patron took away since, leaves it away', async () => {
    const { intent, options, links, put } = await given([REMOVED])
    await portal.behave({ mode: 'lose-answers', times: 1 })
    await expect(applyIntent(client, intent, options)).rejects.toMatchObject({ code: 'portal-unreachable' })
    await put([])
    expect(await applyIntent(client, intent, options)).toEqual({ outcome: 'changed' })
    expect(await links()).toEqual([])
  })

  test('to remove, waiting while the patron unlinked the other link, does not leave the account without any', async () => {
    const { intent, options, links, put } = await given([REMOVED, KEPT], 'remove')
    await portal.behave({ mode: 'down', operation: 'removeLink' })
    await expect(applyIntent(client, intent, options)).rejects.toMatchObject({ code: 'portal-unreachable' })
    await put([REMOVED])
    await portal.behave({ mode: 'ok' })
    expect(await applyIntent(client, intent, options)).toEqual({ outcome: 'changed' })
    expect(await links()).toEqual(['ZOT:1'])
  })

  test('whose target was merged on meanwhile is another request, not a refused key', async () => {
    const { intent, options, links } = await given([REMOVED])
    expect(await applyIntent(client, intent, options)).toEqual({ outcome: 'changed' })
    expect(await applyIntent(client, { ...intent, to: 5 }, options)).toEqual({ outcome: 'gone-already' })
    expect(await links()).toEqual(['ZOT:1'])
  })
})

describe('taking an intent back', () => {
  test.each([
    [[REMOVED], undefined, ['ZOT:2'], 'restored'],
    [[REMOVED, KEPT], undefined, ['ZOT:1', 'ZOT:2'], 'restored'],
    // What the patron has done since stays.
    [[REMOVED], [], [], 'left'],
    [[REMOVED, KEPT], [], [], 'left'],
    [[REMOVED], [REMOVED], ['ZOT:2'], 'restored'],
    // linked anew by the patron: what the merge made of the first link does not stay
    [[REMOVED], [REMOVED, KEPT], ['ZOT:2'], 'restored'],
    [[KEPT], undefined, ['ZOT:1'], 'left'],
  ])('links to %j, then %j: %j, %s', async (was, since, after, outcome) => {
    const { intent, options, links, put } = await given(was)
    const applied = await applyIntent(client, intent, options)
    if (since !== undefined) await put(since)
    const undo = { idempotencyKey: `${options.idempotencyKey}/undo` }
    const done = { ...applied, movedOn: [] }
    expect(await revertIntent(client, intent, done, undo)).toEqual({ outcome })
    expect(await revertIntent(client, intent, done, undo)).toEqual({ outcome })
    expect(await links()).toEqual(after)
  })
})
