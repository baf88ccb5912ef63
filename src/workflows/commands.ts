import { CancellationScope, condition, isCancellation, setHandler, type ApplicationFailure } from '@temporalio/workflow'
import type { MergeStatus } from '../domain/codes'
import { askedBy, checkAsking, refused, whoAsks, type Asked } from './asking'
import { abandon, giveWay, resume, retryPortal, skipPortal, type Asking } from './messages'

/** Where a merge is, as far as it matters for what may be asked of it. */
export type Phase = 'opening' | 'database' | 'attention' | 'portal' | 'ended'

/** What a person has asked of a merge and nothing has acted on yet. */
export interface Command {
  name: 'resume' | 'abandon' | 'retry-portal' | 'skip-portal' | 'give-way'
  who: Asked
  /** It cannot be done in the state that the merge has come to. */
  turnedDown?: boolean
}

export interface WhatMayBeAsked {
  /** An existing merge or undo is taken up, of which nothing is known yet. */
  takenUp: boolean
  abandonIn: readonly Phase[]
  /** Whether an undo may end its wait for the portal. */
  givesWay: boolean
}

/** The commands of people to one merge or undo: what they may ask when (refused at once, by synchronous validators), and what they get. */
export class Commands {
  phase: Phase = 'opening'
  /** As it is shown: what retryPortal and skipPortal answer. */
  status: MergeStatus = 'running'
  /** As soon as it is known. */
  merge: number | null = null
  /** Whoever abandoned it got what they asked. */
  abandoned = false
  private command: Command | undefined
  /** Counts what the portal has been asked and has answered, or not. */
  private attempts = 0

  /** Sets the handlers; call it before anything is awaited. */
  constructor(private readonly may: WhatMayBeAsked) {
    setHandler(
      resume,
      async (asking) => {
        this.ask('resume', asking)
        // whoever looks after this sees that it goes on
        await condition(() => this.phase === 'ended' || (!this.asked(['resume']) && this.status !== 'needs-attention'))
      },
      {
        validator: (asking) => this.allow(['attention'], asking),
        description: 'Does the steps that failed again. {"by": "your name"}',
      },
    )
    setHandler(
      abandon,
      async (asking) => {
        this.ask('abandon', asking)
        await condition(() => this.phase === 'ended' || this.phase === 'portal')
        if (!this.abandoned) throw refused('retired-already', 'The record is retired already: use undo.')
      },
      {
        validator: (asking) => this.allow(this.may.abandonIn, asking),
        description: 'Gives up what is not done in the database: both records are as they were. {"by": "your name"}',
      },
    )
    setHandler(
      retryPortal,
      async (asking) => {
        const command = this.ask('retry-portal', asking)
        const before = this.attempts
        await this.untilDone(command, () => this.command === undefined && this.attempts > before)
        return this.status
      },
      {
        validator: (asking) => this.allow(['portal'], asking),
        description: 'Tries the portal now. {"by": "your name"}',
      },
    )
    if (may.givesWay) {
      setHandler(
        giveWay,
        async () => {
          await this.untilDone(this.ask('give-way', undefined), () => false)
        },
        {
          validator: (merge) => {
            // under the same workflow id the pair may be merged anew
            if (this.merge !== null && merge !== this.merge) throw refused('not-waiting', 'This is another merge.')
            this.allow(['portal'], undefined)
          },
          description: 'The merge is being undone: it waits for the portal no longer. Sent by undoMerge.',
        },
      )
    }
    setHandler(
      skipPortal,
      async (asking) => {
        await this.untilDone(this.ask('skip-portal', asking), () => false)
        return this.status
      },
      {
        validator: (asking) => {
          this.allow(['portal'], asking)
          if (!whoAsks(asking).reason)
            throw refused('bad-input', 'Give a reason: {"by": "your name", "reason": "why"}.')
        },
        description:
          'Gives the links at the portal up, with a notice for the desk. {"by": "your name", "reason": "why"}',
      },
    )
  }

  /** Waits until a person asks one of these. */
  async wait(names: readonly Command['name'][]): Promise<void> {
    await condition(() => this.asked(names))
  }

  /**
   * Does something until it ends, or until a person asks one of these: then it is cancelled and `left`. Rejects as the work
   * does. What waits for its cancellation has stopped by then.
   */
  async untilAsked<T>(names: readonly Command['name'][], work: () => Promise<T>): Promise<{ done: T } | 'left'> {
    const scope = new CancellationScope()
    let ended = false
    const result = scope.run(work).finally(() => (ended = true))
    // awaited below; whoever cancels first must not leave a rejection unseen
    result.catch(() => {})
    await condition(() => ended || this.asked(names))
    if (!ended) scope.cancel()
    try {
      return { done: await result }
    } catch (error) {
      if (isCancellation(error)) return 'left'
      throw error
    }
  }

  asked(names: readonly Command['name'][]): boolean {
    return this.command !== undefined && names.includes(this.command.name)
  }

  /** Takes the command that waits, if it is one of these. */
  take(names: readonly Command['name'][]): Command | undefined {
    if (!this.asked(names)) return undefined
    const { command } = this
    this.command = undefined
    return command
  }

  /** What was asked of the portal's part of a merge that needs attention before that: it stands in nobody's way. */
  turnDownPortal(): void {
    const command = this.take(['retry-portal', 'skip-portal', 'give-way'])
    if (command) command.turnedDown = true
  }

  /** The portal has been asked, and the status after that is set. */
  portalTried(): void {
    this.attempts += 1
  }

  private ask(name: Command['name'], asking: string | Asking | undefined): Command {
    this.command = { name, who: askedBy(asking) }
    return this.command
  }

  private async untilDone(command: Command, isDone: () => boolean): Promise<void> {
    await condition(() => this.phase === 'ended' || command.turnedDown === true || isDone())
    if (command.turnedDown) throw this.notNow()
  }

  private notNow(): ApplicationFailure {
    return refused('not-waiting', `The merge is ${this.status} (${this.phase}): this cannot be asked now.`)
  }

  private allow(phases: readonly Phase[], asking: unknown): void {
    checkAsking(asking)
    if (this.command !== undefined) throw refused('not-waiting', `"${this.command.name}" was asked already.`)
    const known = this.phase !== 'opening' || !this.may.takenUp
    if (known && !phases.includes(this.phase)) {
      throw this.notNow()
    }
  }
}
