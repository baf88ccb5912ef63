import { revertPortalOfMany } from '../src/merges/revertPortalMany'
import { skipUndoPortal } from '../src/merges/revertPortal'
import { undoReport } from '../src/merges/undoReport'
import type { Asked } from './support/model'
import { registerPatrons } from './support/desk'
import { mergeSingly } from './support/mergeOnDatabase'
import { usePortalPart } from './support/portalPart'
import type { PortalPair } from './support/portalPairs'
import { takeBackPair } from './support/undonePart'

const part = usePortalPart()
let accounts = 0

/** An account of the portal that has links to these at one library. */
async function account(...actors: number[]): Promise<string> {
  const id = `links-${++accounts}`
  await part.portal.put([{ id, links: actors.map((actorId) => ({ library: 'L1', actorId })) }])
  return id
}

async function people(count: number): Promise<[number, number, number, number]> {
  return (await registerPatrons(part.pool, count)) as [number, number, number, number]
}

/** In the database: what is left is the portal's part. */
async function merged(keep: number, remove: number): Promise<number> {
  const asked = { keep, remove, on: '2026-11-24', take: [], accept: ['rejected-before'], override: [] }
  const { merge } = await mergeSingly(part.pool, asked as unknown as Asked)
  return merge ?? 0
}

const undone = (merge: number): Promise<void> => takeBackPair(part, { merge } as PortalPair)
/** One attempt at the portal's part of a merge, or of its undo; undefined where it ended well. */
const atPortal = (merge: number) => part.attemptOf(merge, 1)
const backAtPortal = (merge: number) => part.attemptOf(merge, 1, part.portalClient, 'revertPortalLinks')

async function linksOf(id: string): Promise<number[]> {
  const links = (await part.portal.dump())[id] ?? []
  return links.map((link) => Number(link.split(':')[1])).sort((a, b) => a - b)
}

async function told(merge: number): Promise<[string, unknown][]> {
  return (await undoReport(part.pool, merge)).told.map(({ code, details }) => [code, details])
}

/** The first into the second, `one`, that into a third, `other`; an account with a link to one of them fails while `one` is tried. */
async function chainThatFails(mode: string, linked: 'first' | 'second') {
  const [first, second, third] = await people(3)
  const x = await account({ first, second }[linked])
  const one = await merged(second, first)
  const other = await merged(third, second)
  await part.portal.behave({ mode, account: x })
  expect(await atPortal(one)).toBeDefined()
  await part.portal.behave({ mode: 'ok' })
  return { first, second, x, one, other }
}

afterEach(() => part.portal.behave({ mode: 'ok' }))

test.each(['down', 'error', 'lose-answers'])(
  'a merge asked for the link of one who was merged on, and had no answer (%s): that undone, the link goes where the merge brings it',
  async (mode) => {
    const { first, second, x, one, other } = await chainThatFails(mode, 'first')
    expect(await atPortal(other)).toBeUndefined()
    await undone(other)
    expect(await backAtPortal(other)).toBeUndefined()
    expect(await atPortal(one)).toBeUndefined()
    expect(await linksOf(x)).toEqual([second])
    await undone(one)
    expect(await backAtPortal(one)).toBeUndefined()
    expect(await linksOf(x)).toEqual([first])
  },
)

test.each(['refuse', 'down', 'lose-answers'])(
  'a merge meant to move the link of one who was merged on, and is there again (%s): that link stays',
  async (mode) => {
    const { second, x, one, other } = await chainThatFails(mode, 'second')
    await undone(other)
    expect(await backAtPortal(other)).toBeUndefined()
    expect(await linksOf(x)).toEqual([second])
    expect(await atPortal(one)).toBeUndefined()
    expect(await linksOf(x)).toEqual([second])
  },
)

test('what it was meant to move is moved all the same where he is merged on anew', async () => {
  const [first, second, third] = await people(3)
  const [x, y] = [await account(second), await account(first)]
  const one = await merged(second, first)
  const other = await merged(third, second)
  for (const id of [x, y]) await part.portal.behave({ mode: 'down', account: id })
  expect(await atPortal(one)).toBeDefined()
  await part.portal.behave({ mode: 'ok', account: x })
  await undone(other)
  expect(await backAtPortal(other)).toBeUndefined()
  const anew = await merged(third, second)
  expect(await atPortal(one)).toBeDefined()
  await part.portal.behave({ mode: 'ok', account: y })
  for (const merge of [one, anew]) expect(await atPortal(merge)).toBeUndefined()
  expect([await linksOf(x), await linksOf(y)]).toEqual([[third], [third]])
  await undone(anew)
  expect(await backAtPortal(anew)).toBeUndefined()
  expect([await linksOf(x), await linksOf(y)]).toEqual([[second], [second]])
})

test('a link moved by one merge for another, brought back, and moved again comes back again', async () => {
  const [first, second, third] = await people(3)
  const [x, y] = [await account(second), await account(first)]
  const one = await merged(second, first)
  const other = await merged(third, second)
  await part.portal.behave({ mode: 'refuse', account: y })
  expect(await atPortal(one)).toMatchObject({ type: 'portal-refused' })
  expect(await linksOf(x)).toEqual([third])
  expect(await atPortal(other)).toBeUndefined()
  await undone(other)
  expect(await backAtPortal(other)).toBeUndefined()
  expect(await linksOf(x)).toEqual([second])
  const anew = await merged(third, second)
  expect(await atPortal(one)).toMatchObject({ type: 'portal-refused' })
  expect(await atPortal(anew)).toBeUndefined()
  expect(await linksOf(x)).toEqual([third])
  await undone(anew)
  expect(await backAtPortal(anew)).toBeUndefined()
  expect(await linksOf(x)).toEqual([second])
})

test.each(['alone', 'with many'])(
  'merged the other way round before the undo came to the portal, and undone (%s): the link is its own record’s',
  async (how) => {
    const [second, third] = await people(2)
    const x = await account(third)
    const one = await merged(second, third)
    expect(await atPortal(one)).toBeUndefined()
    await undone(one)
    const turned = await merged(third, second)
    expect(await backAtPortal(one)).toBeUndefined()
    await undone(turned)
    if (how === 'alone') expect(await backAtPortal(turned)).toBeUndefined()
    else await revertPortalOfMany(part.pool, part.portalClient, [turned])
    expect(await linksOf(x)).toEqual([third])
  },
)

test('of two undos at the portal one is given up: the other brings its link back, and each record has its own notice', async () => {
  const [first, second, kept] = await people(3)
  const [x, y] = [await account(first), await account(second)]
  const one = await merged(kept, first)
  const other = await merged(kept, second)
  for (const merge of [one, other]) expect(await atPortal(merge)).toBeUndefined()
  for (const merge of [other, one]) await undone(merge)
  await part.portal.behave({ mode: 'down' })
  for (const merge of [one, other]) expect(await backAtPortal(merge)).toBeDefined()
  expect(await skipUndoPortal(part.pool, other, { by: 'desk', reason: 'given up' })).toBe(true)
  await part.portal.behave({ mode: 'ok' })
  expect(await backAtPortal(one)).toBeUndefined()
  expect([await linksOf(x), await linksOf(y)]).toEqual([[first], [kept]])
  expect(await told(one)).toEqual([])
  expect(await told(other)).toEqual([['portal-links-given-up', { links: 1, libraries: ['L1'] }]])
  const notices = `select patron from message where kind = 'notice' and patron = any($1)`
  expect((await part.pool.query(notices, [[first, second, kept]])).rows).toEqual([{ patron: second }])
})

test('an undo given up while a merge of the same account is under way leaves that merge’s link to it', async () => {
  const [first, second, third, fourth] = await people(4)
  const x = await account(first, third)
  const one = await merged(second, first)
  expect(await atPortal(one)).toBeUndefined()
  const other = await merged(fourth, third)
  await part.portal.behave({ mode: 'down', account: x })
  expect(await atPortal(other)).toBeDefined()
  await undone(one)
  expect(await backAtPortal(one)).toBeDefined()
  expect(await skipUndoPortal(part.pool, one, { by: 'desk', reason: 'given up' })).toBe(true)
  await part.portal.behave({ mode: 'ok' })
  expect(await atPortal(other)).toBeUndefined()
  expect(await linksOf(x)).toEqual([second, fourth])
  await undone(other)
  expect(await backAtPortal(other)).toBeUndefined()
  expect(await linksOf(x)).toEqual([second, third])
})
