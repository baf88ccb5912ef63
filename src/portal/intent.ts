import type { CallOptions, ChangeResult, PortalClient } from './client'
import type { LinkIntent } from './links'

/** `gone-already`: somebody else had taken the link away, and that stands. */
export interface AppliedIntent {
  readonly outcome: 'changed' | 'removed' | 'gone-already'
}

/** `left`: what has become of the link since stands, as it is at the portal now. */
export interface RevertedIntent {
  readonly outcome: 'restored' | 'left'
}

/**
 * Carries out one intent (R13), so that the end is right whatever answers were lost before and whatever the patron has
 * done at the portal meanwhile: no link to `from`, and a link to `to` unless the patron took it away. Asked again with
 * its key it tells the outcome of the first time.
 *
 * The action is what was planned; what is done goes by the links as they are now. So a link planned to be removed is
 * changed where the patron has unlinked the other one since: else the account would be left without any.
 *
 * @throws PortalError where a call failed; what was done until then is found again by the same key
 */
export async function applyIntent(
  client: Pick<PortalClient, 'changeLink' | 'removeLink'>,
  intent: LinkIntent,
  options: CallOptions,
): Promise<AppliedIntent> {
  const { account, library, from } = intent
  const changed = await change(client, intent, options)
  if (changed === 'done') return { outcome: 'changed' }
  // Neither link is there. Not to be removed once more: a link that the patron makes at this moment is theirs.
  if (changed === 'gone') return { outcome: 'gone-already' }
  // Both are there, or only the wanted one. The latter may be our own removal, its answer lost: its key knows.
  const removed = await client.removeLink(
    { account, library, actorId: from },
    { ...options, idempotencyKey: `${changeKey(intent, options)}/remove` },
  )
  return { outcome: removed === 'done' ? 'removed' : 'gone-already' }
}

/**
 * What came of an intent that was asked for with these targets, without an answer; undefined where it was with none, and the
 * link is there. Those calls may still be on their way. So that none of them comes later, each is asked for by its key once
 * more; one is done by then, unless the patron took the link away.
 *
 * @throws PortalError where a call failed
 */
export async function learnIntent(
  client: Pick<PortalClient, 'linksTo' | 'changeLink' | 'removeLink'>,
  intent: Omit<LinkIntent, 'to'>,
  targets: readonly number[],
  options: CallOptions,
): Promise<(AppliedIntent & { to: number | null }) | undefined> {
  const goneAlready = { outcome: 'gone-already', to: null } as const
  if (targets.length === 0) return (await hasLink(client, intent, [intent.from], options)) ? undefined : goneAlready
  let learnt: AppliedIntent & { to: number | null } = goneAlready
  for (const to of targets) {
    const { outcome } = await applyIntent(client, { ...intent, to }, options)
    if (outcome !== 'gone-already') learnt = { outcome, to }
  }
  return learnt
}

/** Whether an account has a link to one of these records at a library. */
async function hasLink(
  client: Pick<PortalClient, 'linksTo'>,
  { account, library }: Pick<LinkIntent, 'account' | 'library'>,
  actorIds: readonly number[],
  { signal }: CallOptions,
): Promise<boolean> {
  const links = await client.linksTo(actorIds, signal)
  return links.some((link) => link.account === account && link.library === library)
}

/**
 * Whether an intent made the link to `to`, by its key. Asked where it was carried out and its link has come back since, so
 * that one of the two links is there: at the worst it is moved now, for an undo to move it back.
 *
 * @throws PortalError where a call failed
 */
export async function madeWanted(
  client: Pick<PortalClient, 'changeLink'>,
  intent: LinkIntent,
  options: CallOptions,
): Promise<boolean> {
  return (await change(client, intent, options)) === 'done'
}

function change(
  client: Pick<PortalClient, 'changeLink'>,
  intent: LinkIntent,
  options: CallOptions,
): Promise<ChangeResult> {
  const { account, library, from, to } = intent
  return client.changeLink({ account, library, from, to }, { ...options, idempotencyKey: changeKey(intent, options) })
}

/** With the target in it: an intent whose target has been merged on meanwhile is another request. */
function changeKey({ from, to }: LinkIntent, { idempotencyKey }: CallOptions): string {
  return `${idempotencyKey}/${from}-${to}`
}

/**
 * Takes back what an intent did, for an undo: the account has its link to `from` again. What the patron has done since
 * stays: where the link to `to` was taken away, none is made. The key is another one than the intent's. `movedOn`: the records
 * to which later merges took that link.
 *
 * @throws PortalError where a call failed
 */
export async function revertIntent(
  client: Pick<PortalClient, 'linksTo' | 'addLink' | 'changeLink' | 'removeLink'>,
  intent: LinkIntent,
  { outcome, movedOn }: AppliedIntent & { movedOn: readonly number[] },
  options: CallOptions,
): Promise<RevertedIntent> {
  const { account, library, from, to } = intent
  if (outcome === 'changed') {
    const changed = await client.changeLink({ account, library, from: to, to: from }, options)
    if (changed === 'exists-already') {
      // the patron has linked the old record anew: what the merge made of the first link must not stay
      await client.removeLink(
        { account, library, actorId: to },
        { ...options, idempotencyKey: `${options.idempotencyKey}/remove` },
      )
    }
    return { outcome: changed === 'gone' ? 'left' : 'restored' }
  }
  if (outcome === 'gone-already') return { outcome: 'left' }
  if (!(await hasLink(client, { account, library }, [to, ...movedOn], options))) return { outcome: 'left' }
  // another key than the change's: which of the two it takes may turn out otherwise the next time
  const add = { ...options, idempotencyKey: `${options.idempotencyKey}/add` }
  const added = await client.addLink({ account, library, actorId: from }, add)
  return { outcome: added === 'gone' ? 'left' : 'restored' }
}
