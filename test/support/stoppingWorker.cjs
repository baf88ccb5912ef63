// A worker process as src/worker.ts wires it, that says on standard output which commits and portal calls it makes, and
// stands still where it is told: so that it can be killed or frozen exactly there. Plain JavaScript: it runs without jest.
//
// STOP_AT            {"<removed patron, or campaign N, or undo N>": ["<before|after> <activity>: <event>", ...]}
// KEEP_TRANSACTIONS  `open`: the server does not end the transaction of one that stands still
// POLLS              how many tasks of each queue it asks for at a time: what a frozen one asked for is lost for a while
// Lines on standard input: `stop {…}` adds to STOP_AT, `go` lets all go on that stand still.
'use strict'
const { AsyncLocalStorage } = require('node:async_hooks')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { Context } = require('@temporalio/activity')
const { Worker } = require('@temporalio/worker')
const pg = require('pg')

const built = path.join(__dirname, '..', '..', 'dist', 'src')
const activities = require(path.join(built, 'activities', 'index.js'))
const pools = require(path.join(built, 'database', 'pool.js'))
const portal = require(path.join(built, 'portal', 'client.js'))

/** Each that stands still holds a slot; with the worker's own number they would be in each other's way. */
const SLOTS = 300
const CONNECTIONS = 60
const stopAt = JSON.parse(process.env.STOP_AT ?? '{}')
const running = new AsyncLocalStorage()
const removedOf = new Map()
const campaignOf = new Map()
const undoOf = new Map()
/** Of many: how often each activity was asked for, and what was seen of each, whichever attempt at it. */
const timesOf = new Map()
const seenOf = new Map()
let goOn = []

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line.startsWith('stop ')) return Object.assign(stopAt, JSON.parse(line.slice('stop '.length)))
  for (const go of goOn) go()
  goOn = []
})

async function passes(at, when, event) {
  const point = `${when} ${at.activity}: ${event}`
  if (when === 'before') say({ removed: at.removed, event: `${at.activity}: ${event}` })
  const points = stopAt[at.removed] ?? []
  if (!points.includes(point)) return
  points.splice(points.indexOf(point), 1)
  say({ removed: at.removed, stopped: point })
  await new Promise((go) => goOn.push(go))
}

/** One commit or call of an activity; the second of its kind has the number 2, unless the first failed. */
async function around(name, work) {
  const at = running.getStore()
  if (at === undefined) return work()
  const n = (at.seen.get(name) ?? 0) + 1
  const event = n === 1 ? name : `${name} ${n}`
  await passes(at, 'before', event)
  const result = await work()
  at.seen.set(name, n)
  await passes(at, 'after', event)
  return result
}

const { createActivities } = activities
activities.createActivities = (dependencies) =>
  Object.fromEntries(
    Object.entries(createActivities(dependencies)).map(([name, work]) => [
      name,
      (...args) => {
        const [first] = args
        const removed =
          undoIn(name, first) ??
          campaignIn(name, first) ??
          (typeof first === 'number' ? removedOf.get(first) : (first?.remove ?? removedOf.get(first?.merge)))
        const ofMany = isOfUndoOfMany(name) || isOfCampaign(name)
        const at = ofMany ? ofThis(removed, name) : { activity: labelOf(name, args), seen: new Map() }
        return running.run({ removed, ...at }, async () => {
          let failed
          try {
            const result = await work(...args)
            if (name === 'planBatch' && result.batch !== null) campaignOf.set(result.batch, first)
            if (name === 'planUndoBatch' && result !== null) undoOf.set(result, first)
            if (name === 'openMerge') removedOf.set(result.merge, result.remove)
            return result
          } catch (error) {
            failed = String(error?.code ?? error?.name)
            throw error
          } finally {
            say({ removed, ended: labelOf(name, args), ...(failed && { failed }) })
          }
        })
      },
    ]),
  )

/** Of these the argument is a batch. */
const UNDO_BATCHES = ['undoBatch', 'endPortalWaits', 'revertBatchPortal']

function isOfUndoOfMany(name) {
  return UNDO_BATCHES.includes(name) || /UndoMany|^planUndoBatch$|^nextUndoneAtPortal$|^hasCampaignEnded$/.test(name)
}

function undoIn(name, id) {
  if (!isOfUndoOfMany(name)) return undefined
  return `undo ${UNDO_BATCHES.includes(name) ? undoOf.get(id) : id}`
}

function isOfCampaign(name) {
  return /Campaign|Batch|^setWithinHours$/.test(name)
}

/** Whose activity it is; of a batch it is known once it was planned. */
function campaignIn(name, id) {
  if (!isOfCampaign(name)) return undefined
  return `campaign ${/Batch/.test(name) && name !== 'planBatch' ? campaignOf.get(id) : id}`
}

/** The second of its kind for one campaign has the number 2; another attempt at one goes on where the last one failed. */
function ofThis(campaign, name) {
  const { activityId, workflowExecution } = Context.current().info
  const one = `${workflowExecution.runId} ${activityId}`
  if (!seenOf.has(one)) {
    const n = (timesOf.get(`${campaign} ${name}`) ?? 0) + 1
    timesOf.set(`${campaign} ${name}`, n)
    seenOf.set(one, { activity: n === 1 ? name : `${name} ${n}`, seen: new Map() })
  }
  return seenOf.get(one)
}

/** The same activity at another moment of a merge is another one here. */
function labelOf(name, [first, ...details]) {
  if (name === 'openUndo' && first.by === undefined) return `${name} again`
  if (name === 'noteAttention') return `${name} ${details[0]?.code ?? 'no longer'}`
  return name.startsWith('note') ? [name, ...details.filter((one) => typeof one === 'string')].join(' ') : name
}

const WRITES = /\binsert into\b|\bdelete from\b|\bupdate \w+( \w+)? set\b/
const poolQuery = pg.Pool.prototype.query
/** A statement that a pool is asked for is a transaction of its own. */
pg.Pool.prototype.query = function query(asked, ...rest) {
  const work = () => poolQuery.call(this, asked, ...rest)
  return WRITES.test(asked?.text ?? '') ? around(asked.name, work) : work()
}

/** What a batch writes between its groups is a transaction of its own too. */
const SINGLE = /^(batch|undoBatch)\.(waiting|setAside|uniqueError)$/
const clientQuery = pg.Client.prototype.query
pg.Client.prototype.query = function query(asked, ...rest) {
  if (SINGLE.test(asked?.name ?? '')) return around(asked.name, () => clientQuery.call(this, asked, ...rest))
  if (asked === 'commit') return around('commit', () => clientQuery.call(this, asked, ...rest))
  const keep = process.env.KEEP_TRANSACTIONS === 'open' && typeof asked === 'string' && asked.startsWith('begin')
  const text = keep ? asked.replaceAll(/_timeout = \d{3,}/g, '_timeout = 0') : asked
  return clientQuery.call(this, text, ...rest)
}

const { createPortalClient } = portal
portal.createPortalClient = (options) => {
  const client = createPortalClient(options)
  const calls = ['linksTo', 'addLink', 'changeLink', 'removeLink']
  return { ...client, ...Object.fromEntries(calls.map((n) => [n, (...args) => around(n, () => client[n](...args))])) }
}

/** Each that stands still may hold a connection. */
const { createPool } = pools
pools.createPool = (url, options) => createPool(url, { ...options, max: Math.max(options.max, CONNECTIONS) })

const { create } = Worker
Worker.create = (options) =>
  create.call(Worker, {
    ...options,
    maxConcurrentActivityTaskExecutions: SLOTS,
    ...(process.env.POLLS && { maxConcurrentActivityTaskPolls: Number(process.env.POLLS) }),
  })

require(path.join(built, 'worker.js'))
