import type { ClientBase } from 'pg'
import { run, runOne, statement, type Statement } from '../database/statement'
import type { TransferName } from '../domain/plan'

/**
 * One rule and its reverse, set-based over the merges given. `lock` takes the rows that the step is about to judge, before
 * it. Each statement of `forward` takes ($1 bigint[] merges, $2 int attempt), `lock` and each of `reverse` ($1 bigint[]
 * merges). They are sent in order, pipelined where the connection can. The last of `forward` writes the step's row of the
 * ledger for every merge given.
 */
export interface Step {
  readonly name: TransferName
  readonly lock: Statement | undefined
  readonly forward: readonly Statement[]
  readonly reverse: readonly Statement[]
}

/** Declares a step from the SQL of its statements, in order. */
export function step(
  name: TransferName,
  sql: { lock?: string; forward: readonly string[]; reverse: readonly string[] },
): Step {
  return {
    name,
    lock: sql.lock === undefined ? undefined : statement(`${name}.lock`, sql.lock),
    forward: sql.forward.map((text, n) => statement(`${name}.${n + 1}`, text)),
    reverse: sql.reverse.map((text, n) => statement(`${name}.back.${n + 1}`, text)),
  }
}

/** Sends all statements of a step forward; resolves when the last is done, rejects with the first error. */
export async function goForward(
  client: ClientBase,
  made: Step,
  merges: readonly number[],
  attempt: number,
): Promise<void> {
  const locked = made.lock ? [run(client, made.lock, [merges])] : []
  await allOf([...locked, ...made.forward.map((sql) => run(client, sql, [merges, attempt]))])
}

/** Sends all reverse statements of a step. */
export async function goBack(client: ClientBase, made: Step, merges: readonly number[]): Promise<void> {
  await allOf(made.reverse.map((sql) => run(client, sql, [merges])))
}

/** Waits for all, and rejects with the first error in order: the later ones only say that the transaction is aborted. */
export async function allOf(sent: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(sent)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

const claim = statement<{ merge: number }>(
  'step.claim',
  `with m as materialized (select id from merge where id = $1 and status = 'open' for share)
   insert into merge_step (merge, step, attempts) select id, $2, $3 from m
   on conflict (merge, step) do nothing returning merge`,
)
const done = statement<{ done: boolean }>(
  'step.done',
  `select done_at is not null as done from merge_step where merge = $1 and step = $2`,
)

/**
 * A single merge's claim on a step: the first statement of its transaction. `mine` does the work; `done` was done before
 * (whoever comes second waits on the key and finds it); `not-open` means the merge is not open and the step not done.
 */
export async function claimStep(
  client: ClientBase,
  merge: number,
  name: string,
  attempt: number,
): Promise<'mine' | 'done' | 'not-open'> {
  if (await runOne(client, claim, [merge, name, attempt])) return 'mine'
  return (await runOne(client, done, [merge, name]))?.done ? 'done' : 'not-open'
}
