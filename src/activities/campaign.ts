import { Context } from '@temporalio/activity'
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import type { Pool } from 'pg'
import { mergeBatch, type BatchProgress } from '../campaigns/batch'
import { brakeIfBad } from '../campaigns/brake'
import { endBatch, planBatch, type Planned } from '../campaigns/plan'
import { campaignReport } from '../campaigns/report'
import {
  pauseFor,
  setCampaignStartedBy,
  settle,
  setWithinHours,
  steer,
  takeUpCampaign,
  type Asker,
  type CampaignCommand,
  type Steered,
} from '../campaigns/steer'
import { inPlainTransaction } from '../database/transaction'
import type { CampaignReport, PauseCode } from '../domain/campaign'
import type { Told } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS } from '../domain/sentences'
import { leaveToPeople, syncBatchPortal, type BatchAtPortal } from '../merges/batchPortal'
import { sweepPortal } from '../merges/sweepPortal'
import { isPortalError } from '../portal/errors'
import type { PortalClient } from '../portal/client'
import { whileHeartbeating } from './heartbeat'
import { starterOf } from './starter'

/** Batches whose portal part a workflow takes over when it begins: a payload holds their ids. */
const MOST_TAKEN_OVER = 1_000

/** What a campaign's workflow has done: batches on connections of their own; planning and steering beside them. */
export function campaignActivities(pools: { batches: Pool; steering: Pool }, portal: PortalClient) {
  const { batches, steering } = pools
  return {
    /** Begins, or goes on with, a campaign: gives the batches whose portal part is still to be done; null where there is none of that id. */
    async beginCampaign(campaign: number, firstRunId: string): Promise<{ untried: number[] } | null> {
      const { workflowId } = Context.current().info.workflowExecution ?? {}
      if (workflowId === undefined) throw new Error('beginCampaign runs in a workflow only')
      return takeUpCampaign(steering, campaign, { workflowId, firstRunId }, MOST_TAKEN_OVER)
    },

    /** How the campaign stands, and its next batch, if one is asked for and there is one. `known`: those that it has in hand. */
    async planBatch(campaign: number, make: boolean, known: number[]): Promise<Planned> {
      return planBatch(steering, campaign, { make, known })
    },

    /** What was planned and is not begun goes back among the ready. */
    async dropBatch(batch: number): Promise<void> {
      await inPlainTransaction(steering, (client) => endBatch(client, batch))
    },

    async steerCampaign(campaign: number, command: CampaignCommand, who: Asker): Promise<Steered> {
      return steer(steering, campaign, command, who)
    },

    async pauseCampaign(campaign: number, why: Told<PauseCode>): Promise<void> {
      await pauseFor(steering, campaign, why)
    },

    async setWithinHours(campaign: number, within: boolean): Promise<void> {
      await setWithinHours(steering, campaign, within)
    },

    /** Nothing is under way any more. */
    async settleCampaign(campaign: number, was: 'pausing' | 'running'): Promise<void> {
      await settle(steering, campaign, was)
    },

    /** The campaign as it is now: counts, rate, what waits. */
    async reportCampaign(campaign: number): Promise<CampaignReport> {
      const report = await campaignReport(steering, campaign)
      if (!report) throw new OntdubbelError('unknown-campaign', CAMPAIGN_ERRORS.unknown, 2, { campaign })
      return report
    },

    /** Records who started the workflow as Temporal knows them. */
    async noteCampaignStarter(campaign: number): Promise<void> {
      await whileHeartbeating(async () => {
        const identity = await starterOf(Context.current())
        if (identity !== null) await setCampaignStartedBy(steering, campaign, identity)
      })
    },

    /** Merges a batch, group by group. */
    async mergeBatch(batch: number): Promise<BatchProgress> {
      return whileHeartbeating(({ signal, tell }) => mergeBatch(batches, batch, { signal, onProgress: tell }))
    },

    /** The portal's part of a batch. What it could not do waits for the sweeper. */
    async syncBatchPortal(batch: number): Promise<BatchAtPortal> {
      const { attempt } = Context.current().info
      const result = await whileHeartbeating(({ signal }) => syncBatchPortal(steering, portal, batch, attempt, signal))
      if (result.refused > 0) await brakeIfBad(steering, result.campaign)
      return result
    },

    /** What failed at the portal as nobody foresaw, in a campaign that does not go on, needs a person. */
    async leaveBatchToPeople(batch: number, why: Told): Promise<void> {
      await leaveToPeople(steering, batch, why)
    },

    /** Has the sweeper look after what waits for the portal; one that runs already looks once more before it ends. */
    async startPortalBacklog(
      workflowType: string,
      workflowId: string,
      taskQueue: string,
      signal: string,
    ): Promise<void> {
      await whileHeartbeating(() =>
        Context.current().client.workflow.signalWithStart(workflowType, {
          workflowId,
          taskQueue,
          signal,
          staticSummary: 'Merges of many that wait for the portal',
        }),
      )
    },

    /** Tries the portal for all that waits, until nothing does; the server tries it again each minute. */
    async sweepPortal(patienceMs: number): Promise<void> {
      const { attempt } = Context.current().info
      try {
        await whileHeartbeating(({ signal }) => sweepPortal(steering, portal, { patienceMs, attempt, signal }))
      } catch (error) {
        // a token that the portal does not take is put right by somebody: nothing that waits is given up for it
        if (!isPortalError(error) || error.retryable) throw error
        const { code, message } = error
        throw ApplicationFailure.create({ type: code, message, category: ApplicationFailureCategory.BENIGN })
      }
    },
  }
}
