import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, Told } from '../domain/codes'
import { inBrussels } from '../domain/moments'
import { statusSentence } from '../domain/sentences'
import { NOTE } from './options'
import type { PortalStand } from './portalPart'

const { noteAttention, notePortal } = proxyActivities<Activities>(NOTE)

/** Stores and shows how the portal's part of a merge (`retired`) or an undo (`undone`) stands while it has not ended. */
export async function standsAt(
  merge: number,
  of: 'retired' | 'undone',
  stand: PortalStand,
  shown: { waits: (status: MergeStatus, words: string) => void; needsAttention: (told: Told) => void },
): Promise<void> {
  if (typeof stand === 'object') {
    const step = of === 'retired' ? 'syncPortalLinks' : 'revertPortalLinks'
    await noteAttention(merge, { code: 'unforeseen', details: { step } })
    return shown.needsAttention({ code: 'unforeseen', details: { step, merge } })
  }
  await notePortal(merge, stand, of)
  if (stand !== 'waiting') return shown.needsAttention({ code: `portal-${stand}`, details: { merge } })
  const status = of === 'retired' ? 'waiting-for-portal' : 'undo-waiting-for-portal'
  shown.waits(status, statusSentence(status, { merge, since: inBrussels(new Date()) }, 'en'))
}
