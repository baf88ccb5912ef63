/** Campaigns on a test's own stack: patrons, lists, and what becomes of them. */
import type { WorkflowHandle } from '@temporalio/client'
import type { Pool } from 'pg'
import { connect } from '../../src/database/pool'
import { loadCampaign } from '../../src/campaigns/load'
import { pairReports } from '../../src/campaigns/pairReport'
import { campaignReport } from '../../src/campaigns/report'
import type { CampaignOptions, CampaignReport, ListedPair, PairReport } from '../../src/domain/campaign'
import { campaignWorkflowIdOf, queueName } from '../../src/workflows/names'
import type { TestStack } from './stack'

/** Patrons with a subscription, a card, a phone number and a loan each; every id is the patron's, whatever table. */
export async function putPatrons(pool: Pool, ids: readonly number[]): Promise<void> {
  await pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem') on conflict do nothing`)
  for (const sql of [
    `insert into patron (id, last_name, first_name) select i, 'Q', 'R' from unnest($1::bigint[]) i`,
    `insert into subscription (id, patron, library, product, starts_on) select i, i, 'ZOT', 'adult', '2025-01-01' from unnest($1::bigint[]) i`,
    `insert into card (number, patron, status) select 'C' || i, i, 'active' from unnest($1::bigint[]) i`,
    `insert into contact (id, patron, kind, value) select i, i, 'phone', '09' || i from unnest($1::bigint[]) i`,
    `insert into loan (id, patron, library, title, item, loaned_on, due_on) select i, i, 'ZOT', 'T' || i, 'I' || i, '2026-11-01', '2026-12-01' from unnest($1::bigint[]) i`,
  ])
    await pool.query(sql, [ids])
}

/** From now on the database refuses to change a patron's loans, or no longer: that pair's fault, whatever group it is in. */
export async function refuseLoans(superUrl: string, patrons: readonly number[]): Promise<void> {
  const owner = await connect(superUrl)
  try {
    await owner.query(`
      create table if not exists refusing (patron bigint primary key);
      grant select, insert, delete on refusing to ontdubbel_worker;
      create or replace function refuse() returns trigger language plpgsql as $$
      begin
        if exists (select from refusing where patron = old.patron) then raise exception 'no' using errcode = '23514'; end if;
        return new;
      end $$;
      create or replace trigger refuse before update on loan for each row execute function refuse();
      truncate refusing`)
    await owner.query('insert into refusing select unnest($1::bigint[])', [patrons])
  } finally {
    await owner.end()
  }
}

export type Listed = Pick<ListedPair, 'keep' | 'remove'> & Partial<ListedPair>

/** Every patron of a list, once. */
export function everybody(list: readonly Listed[]): number[] {
  return [...new Set(list.flatMap(({ keep, remove }) => [keep, remove]))]
}

/** Stores a campaign with these pairs, in their order; nothing runs yet. */
export async function newCampaign(
  pool: Pool,
  pairs: readonly Listed[],
  options: Partial<CampaignOptions> = {},
): Promise<number> {
  async function* list() {
    let line = 0
    for (const pair of pairs) yield { line: ++line, pair: { take: [], accept: [], override: [], ...pair } }
  }
  return loadCampaign(pool, list(), {
    name: null,
    on: '2026-11-27',
    accept: [],
    override: [],
    lanes: 2,
    pace: 'full',
    hours: null,
    first: null,
    by: 'test',
    reason: null,
    ...options,
  })
}

export type CampaignHandle = WorkflowHandle<(input: { campaign: number }) => Promise<CampaignReport>>

/** Starts a campaign's workflow as any Temporal client may. */
export async function startCampaign(
  { client, queuePrefix }: Pick<TestStack, 'client' | 'queuePrefix'>,
  campaign: number,
): Promise<CampaignHandle> {
  const handle = await client.workflow.start('runCampaign', {
    // several databases share the Temporal server: the product's own ids would meet
    workflowId: `${queuePrefix}/${campaignWorkflowIdOf(campaign)}`,
    taskQueue: queueName('campaign', queuePrefix),
    args: [{ campaign }],
  })
  return handle as unknown as CampaignHandle
}

/** What became of each pair, in the list's order. */
export async function reportsOf(pool: Pool, campaign: number): Promise<PairReport[]> {
  const all: PairReport[] = []
  for await (const each of pairReports(pool, campaign)) all.push(each)
  return all
}

/** How it stands; fails where the outcomes do not sum up to the pairs. */
export async function standOf(pool: Pool, campaign: number): Promise<CampaignReport> {
  const report = await campaignReport(pool, campaign)
  if (!report) throw new Error(`no campaign ${campaign}`)
  const sum = Object.values(report.outcomes).reduce((a, b) => a + b, 0)
  if (sum !== report.pairs) throw new Error(`${sum} outcomes of ${report.pairs} pairs`)
  return report
}
