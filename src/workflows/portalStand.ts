import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities'
import { inBrussels } from '../domain/moments'
import { statusSentence } from '../domain/sentences'
import type { Shown } from './attention'
import { NOTE } from './options'

const { noteAttention, notePortal } = proxyActivities<Activities>(NOTE)

/** How the portal's part stands while it has not ended. `refused` and `gave-up` need attention, and so does a failure nobody foresaw. */
export type PortalStand = 'waiting' | 'refused' | 'gave-up' | { unforeseen: string }

/** Stores and shows how the portal's part of a merge (`retired`) or an undo (`undone`) stands while it has not ended. */
export async function standsAt(
  merge: number,
  of: 'retired' | 'undone',
  stand: PortalStand,
  shown: Shown,
): Promise<void> {
  if (typeof stand === 'object') {
    const step = of === 'retired' ? 'syncPortalLinks' : 'revertPortalLinks'
    await noteAttention(merge, { code: 'unforeseen', details: { step } })
    return shown.needsAttention({ code: 'unforeseen', details: { step, merge } })
  }
  await notePortal(merge, stand, of)
  if (stand !== 'waiting') return shown.needsAttention({ code: `portal-${stand}`, details: { merge } })
  const status = of === 'retired' ? 'waiting-for-portal' : 'undo-waiting-for-portal'
  shown.status(status, statusSentence(status, { merge, since: inBrussels(new Date()) }, 'en'))
}
