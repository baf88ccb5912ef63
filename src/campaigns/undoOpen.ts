import type { Pool, PoolClient } from 'pg'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { CampaignStatus } from '../domain/campaign'
import type { Refusal } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS, refusalSentence, UNDO_MANY_ERRORS, type Language } from '../domain/sentences'
import type { UndoManyAsked, UndoManyPreview } from '../domain/undoMany'
import type { UndoneBy } from '../steps/undo'
import { endOpenBatches } from './steer'

/** A date is its beginning in Brussels, a moment says its zone. */
const moment = (value: string) =>
  `case when length(${value}) = 10 then (${value}::date)::timestamp at time zone 'Europe/Brussels' else ${value}::timestamptz end`

const underWay = statement<{ id: number }>(
  'undoMany.underWay',
  `select id from undo_many where status = 'undoing' and campaign is not distinct from $1::bigint
     and ($1::bigint is not null or (approved_by is not distinct from $2::text
       and from_at is not distinct from ${moment('$3::text')} and to_at is not distinct from ${moment('$4::text')}))
   order by id desc limit 1`,
)
const make = statement<{ id: number }>(
  'undoMany.make',
  `insert into undo_many (campaign, approved_by, from_at, to_at, campaign_was, by, reason)
   values ($1, $2, ${moment('$3::text')}, ${moment('$4::text')}, $5, $6, $7) returning id`,
)

/**
 * `behind` as the migration says: of two merges with one patron the earlier one must wait, where that is its kept record. One
 * pass over both sides of each, and no join: the planner would take a list of many thousands for a handful.
 */
const PICK = `numbered as (
     select f.id, f.kept, f.removed, row_number() over (order by f.opened_at desc, f.id desc)::int as n from found f),
   sides as (
     select s.n, s.id, s.patron, s.is_kept from numbered f
     cross join lateral (values (f.n, f.id, f.kept, true), (f.n, f.id, f.removed, false)) s (n, id, patron, is_kept)),
   placed as (
     select n, id, is_kept, max(n) over (partition by patron order by n rows between unbounded preceding and 1 preceding) as behind from sides),
   added as (
     insert into undo_many_merge (undo, n, merge, behind) select $1, n, id, behind from placed where is_kept returning 1)
   update undo_many set merges = (select count(*) from added) where id = $1 returning merges`

const pickOfCampaign = statement<{ merges: number }>(
  'undoMany.pickOfCampaign',
  `with found as (
     select m.id, m.kept, m.removed, m.opened_at from undo_many u join campaign_pair p on p.campaign = u.campaign
     join merge m on m.id = p.merge where u.id = $1 and m.status = 'retired'),
   ${PICK}`,
)
const pickOthers = statement<{ merges: number }>(
  'undoMany.pickOthers',
  `with found as (
     select m.id, m.kept, m.removed, m.opened_at from undo_many u join merge m on m.status = 'retired'
       and (u.approved_by is null or m.by = u.approved_by)
       and (u.from_at is null or m.opened_at >= u.from_at) and (u.to_at is null or m.opened_at < u.to_at)
     where u.id = $1),
   ${PICK}`,
)
/** From so many on the planner is told how long the list is: it would take it for empty. */
const MANY = 1_000

const campaignsIn = statement<{ campaign: number; runs: boolean }>(
  'undoMany.campaignsIn',
  `select c.id as campaign, c.status in ('running', 'pausing') as runs from campaign c where c.id in (
     select m.campaign from undo_many_merge e join merge m on m.id = e.merge where e.undo = $1) order by c.id`,
)

const lockCampaign = statement<{ status: CampaignStatus }>(
  'undoMany.lockCampaign',
  `select status from campaign where id = $1 for no key update`,
)
const campaignUndone = statement(
  'undoMany.campaignUndone',
  `with c as (
     update campaign set status = 'undoing', paused = null, ended_at = coalesce(ended_at, clock_timestamp()) where id = $1 returning id)
   insert into campaign_command (campaign, command, by, reason) select id, 'undo', $2, $3 from c`,
)

/** What became of the asking. `under-way`: the same is being undone already. `nothing`: no merge is there (any more). */
export type OpenedUndoMany =
  | { is: 'opened'; undo: number; merges: number }
  | { is: 'under-way'; undo: number }
  | { is: 'nothing' }

/**
 * Stores which merges are to be undone, as they are now, latest first, in one transaction; nothing is undone yet. A campaign
 * is `undoing` from here on; one that was paused is cancelled with that.
 * @throws OntdubbelError `unknown-campaign` (exit code 2); `campaign-runs` (3) where a campaign concerned still merges
 */
export async function openUndoMany(pool: Pool, asked: UndoManyAsked, who: UndoneBy): Promise<OpenedUndoMany> {
  const values = valuesOf(asked)
  const nothing = new NothingToUndo()
  try {
    return await inPlainTransaction(pool, async (client) => {
      const was = values.campaign === null ? null : await takeCampaign(client, values.campaign)
      const same = await runOne(client, underWay, [values.campaign, values.approvedBy, values.from, values.to])
      if (same) return { is: 'under-way', undo: same.id }
      const { undo, merges } = await select(client, values, was, who)
      // nothing of the asking is kept
      if (merges === 0) throw nothing
      for (const { campaign, runs } of await run(client, campaignsIn, [undo])) if (runs) throw stillRuns(campaign)
      if (values.campaign !== null) await run(client, campaignUndone, [values.campaign, who.by, who.reason])
      return { is: 'opened', undo, merges }
    })
  } catch (error) {
    if (error === nothing) return { is: 'nothing' }
    throw error
  }
}

class NothingToUndo extends Error {}

function valuesOf(asked: UndoManyAsked) {
  const empty = { campaign: null, approvedBy: null, from: null, to: null }
  if (asked.campaign !== undefined) return { ...empty, campaign: asked.campaign }
  return { ...empty, approvedBy: asked.approvedBy ?? null, from: asked.from ?? null, to: asked.to ?? null }
}

/** Nothing of the campaign is under way when this has been done, and nothing begins while the transaction lasts. */
async function takeCampaign(client: PoolClient, campaign: number): Promise<CampaignStatus> {
  const row = await runOne(client, lockCampaign, [campaign])
  if (!row) throw new OntdubbelError('unknown-campaign', CAMPAIGN_ERRORS.unknown, 2, { campaign })
  if (row.status === 'running' || row.status === 'pausing') throw stillRuns(campaign)
  // one that was cancelled may have a group under way
  await endOpenBatches(client, campaign)
  return row.status === 'paused' ? 'cancelled' : row.status
}

function stillRuns(campaign: number): OntdubbelError {
  return new OntdubbelError('campaign-runs', UNDO_MANY_ERRORS.campaignRuns, 3, { campaign })
}

async function select(
  client: PoolClient,
  { campaign, approvedBy, from, to }: ReturnType<typeof valuesOf>,
  was: CampaignStatus | null,
  { by, reason }: UndoneBy,
): Promise<{ undo: number; merges: number }> {
  const made = await runOne(client, make, [campaign, approvedBy, from, to, was, by, reason])
  if (!made) throw new Error('undo_many takes no rows')
  const picked = await runOne(client, campaign === null ? pickOthers : pickOfCampaign, [made.id])
  const merges = picked?.merges ?? 0
  if (merges >= MANY) await client.query('analyze undo_many_merge')
  return { undo: made.id, merges }
}

const refusalsExpected = statement<{ merge: number; refusal: Refusal }>(
  'undoMany.refusalsExpected',
  `with recursive facts as materialized (
     select e.n, e.merge, e.behind, m.kept, m.stripped_at, later.id as later from undo_many_merge e join merge m on m.id = e.merge
     left join lateral (
       select o.id from merge o
       where (o.kept = m.kept or o.removed = m.kept) and o.status in ('open', 'retired', 'undoing') and o.opened_at > m.opened_at
         and not exists (select from undo_many_merge x where x.undo = $1 and x.merge = o.id)
       order by o.opened_at desc limit 1) later on true
     where e.undo = $1),
   stays as (
     select n from facts where later is not null or stripped_at is not null
     union select f.n from stays s join facts f on f.behind = s.n)
   select f.merge, case
     when f.later is not null or b.n is not null then jsonb_build_object('code', 'later-merge',
       'details', jsonb_build_object('merge', f.merge, 'later', coalesce(f.later, b.merge), 'patron', f.kept))
     else jsonb_build_object('code', 'undo-window-over', 'details', jsonb_build_object('merge', f.merge)) end as refusal
   from stays s join facts f on f.n = s.n
   left join lateral (select l.n, l.merge from facts l where l.n = f.behind and l.n in (select n from stays)) b on true
   order by f.n`,
)

/**
 * What an undo of many would do, as things are now: the same selection, rolled back, and whatever could not be undone.
 * @throws OntdubbelError `unknown-campaign` (exit code 2)
 */
export async function previewUndoMany(
  pool: Pool,
  asked: UndoManyAsked,
  language: Language = 'en',
): Promise<UndoManyPreview> {
  const values = valuesOf(asked)
  return inPlainTransaction(
    pool,
    async (client) => {
      const { campaign } = values
      if (campaign !== null && !(await runOne(client, lockCampaign, [campaign]))) {
        throw new OntdubbelError('unknown-campaign', CAMPAIGN_ERRORS.unknown, 2, { campaign })
      }
      const { undo, merges } = await select(client, values, null, { by: 'preview', reason: null })
      const refused = await run(client, refusalsExpected, [undo])
      const byCode: UndoManyPreview['refused'] = {}
      for (const { refusal } of refused) byCode[refusal.code] = (byCode[refusal.code] ?? 0) + 1
      return {
        merges,
        undone: merges - refused.length,
        refused: byCode,
        notUndone: refused.map(({ merge, refusal: { code, details } }) => ({
          merge,
          outcome: 'refused' as const,
          code,
          message: refusalSentence(code, details, language),
          details,
        })),
        campaigns: (await run(client, campaignsIn, [undo])).map((row) => row.campaign),
      }
    },
    { rollBack: true },
  )
}
