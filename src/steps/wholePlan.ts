import type { ClientBase } from 'pg'
import type { Statement } from '../database/statement'
import { RETIREMENT, retireRecords } from './retireRecord'
import { unclaimed } from './sql'
import { allOf, goForward } from './step'
import { inPlanOrder } from './transfers'

/** Sends every statement of the plan and of the retirement, for merges that are open. */
export async function goThrough(client: ClientBase, merges: readonly number[], attempt: number): Promise<void> {
  await allOf([
    ...inPlanOrder.map((step) => goForward(client, step, merges, attempt)),
    ...retireRecords(client, merges, attempt),
  ])
}

/** The same statements, in order, as they stand in that function: nobody has claimed a step of a group's merges. */
export const PARTS: readonly Statement[] = [
  ...inPlanOrder.flatMap(({ lock, forward }) => [
    ...(lock ? [{ name: lock.name, text: `perform (${lock.text})` }] : []),
    ...forward.map(inAGroup),
  ]),
  ...RETIREMENT.map(inAGroup),
]

function inAGroup({ name, text }: Statement): Statement {
  return { name, text: unclaimed(text) }
}

/**
 * One function of the connection's own: sent one by one, a group of ten pairs spends more on their messages than on its
 * pairs. Each still has a snapshot of its own, as it would have by itself.
 */
const ONE = `create or replace function pg_temp.whole_plan(bigint[], int) returns void language plpgsql as $plan$
begin
  ${PARTS.map(({ text }) => text).join(';\n  ')};
end
$plan$`

const having = new WeakSet<ClientBase>()

/** Makes that function where the connection has none yet; outside of any transaction, or it would go with it. */
export async function makeOne(client: ClientBase): Promise<void> {
  if (having.has(client)) return
  await client.query(ONE)
  having.add(client)
}

/** As goThrough, in one statement, for those of the merges that are open; on a connection for which makeOne was called. */
export async function goThroughInOne(client: ClientBase, merges: readonly number[], attempt: number): Promise<void> {
  const text = `select pg_temp.whole_plan(array(select id from merge where id = any($1) and status = 'open' order by id), $2)`
  await client.query({ name: 'wholePlan', text, values: [merges, attempt] })
}
