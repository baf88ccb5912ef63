/** The ways that a merge can go, each driven as people drive it, for whoever kills, replays or compares them. */
import type { MergeReport, UndoReport } from '../../src/domain/request'
import { abandon, resume, retryPortal, skipPortal } from '../../src/workflows/messages'
import type { RichPair } from './richPair'
import type { MergeHandle, Scene, UndoHandle } from './scene'

export interface Story {
  /** Tells it to its end; gives the handle of the last workflow, and what that completed with. */
  tell(scene: Scene, pair: RichPair): Promise<Told>
}

export interface Told {
  handle: MergeHandle | UndoHandle
  report: MergeReport | UndoReport
}

const MIA = { by: 'mia' }

async function ended(handle: MergeHandle | UndoHandle): Promise<Told> {
  return { handle, report: await handle.result() }
}

async function merged(scene: Scene, pair: RichPair): Promise<number> {
  const { id } = await (await scene.start(pair)).result()
  return id ?? 0
}

export const STORIES = {
  'completed at once': {
    tell: async (scene, pair) => ended(await scene.start(pair)),
  },

  'refused, since nothing was accepted': {
    tell: async (scene, pair) => ended(await scene.start(pair, { ...pair.request, accept: [] })),
  },

  'waited for the portal, then told to try': {
    async tell(scene, pair) {
      await scene.portal.behave({ mode: 'down', account: pair.account })
      const handle = await scene.start(pair)
      await scene.waits(handle)
      await scene.portal.behave({ mode: 'ok', account: pair.account })
      await handle.executeUpdate(retryPortal, { args: [MIA] })
      return ended(handle)
    },
  },

  'refused by the portal, given up': {
    async tell(scene, pair) {
      await scene.portal.behave({ mode: 'refuse', account: pair.account })
      const handle = await scene.start(pair)
      await scene.shown(pair, 'needs-attention')
      await handle.executeUpdate(skipPortal, { args: [{ ...MIA, reason: 'the account is gone' }] })
      return ended(handle)
    },
  },

  'refused by the portal, told to try again': {
    async tell(scene, pair) {
      await scene.portal.behave({ mode: 'refuse', account: pair.account })
      const handle = await scene.start(pair)
      await scene.shown(pair, 'needs-attention')
      await scene.portal.behave({ mode: 'ok', account: pair.account })
      await handle.executeUpdate(retryPortal, { args: [MIA] })
      return ended(handle)
    },
  },

  'a step failed, then resumed': {
    async tell(scene, pair) {
      await scene.refuse(pair.remove, true)
      const handle = await scene.start(pair)
      await scene.shown(pair, 'needs-attention')
      await scene.refuse(pair.remove, false)
      await handle.executeUpdate(resume, { args: [MIA] })
      return ended(handle)
    },
  },

  'a step failed, then abandoned': {
    async tell(scene, pair) {
      await scene.refuse(pair.remove, true)
      const handle = await scene.start(pair)
      await scene.shown(pair, 'needs-attention')
      await handle.executeUpdate(abandon, { args: [MIA] })
      return ended(handle)
    },
  },

  'terminated while it waited, taken up again': {
    async tell(scene, pair) {
      await scene.portal.behave({ mode: 'down', account: pair.account })
      const handle = await scene.start(pair)
      await scene.waits(handle)
      const merge = await scene.shown(pair, 'waiting-for-portal')
      await scene.portal.behave({ mode: 'ok', account: pair.account })
      await handle.terminate('by hand')
      return ended(await scene.start(pair, { merge }))
    },
  },

  undone: {
    tell: async (scene, pair) => ended(await scene.startUndo(await merged(scene, pair))),
  },

  'undo waited for the portal, then told to try': {
    async tell(scene, pair) {
      const merge = await merged(scene, pair)
      await scene.portal.behave({ mode: 'down', account: pair.account })
      const handle = await scene.startUndo(merge)
      await scene.waits(handle)
      await scene.portal.behave({ mode: 'ok', account: pair.account })
      await handle.executeUpdate(retryPortal, { args: [MIA] })
      return ended(handle)
    },
  },

  'undo refused by the portal, given up': {
    async tell(scene, pair) {
      const merge = await merged(scene, pair)
      await scene.portal.behave({ mode: 'refuse', account: pair.account })
      const handle = await scene.startUndo(merge)
      await scene.shown(pair, 'needs-attention')
      await handle.executeUpdate(skipPortal, { args: [{ ...MIA, reason: 'the account is gone' }] })
      return ended(handle)
    },
  },

  'undo failed, then resumed': {
    async tell(scene, pair) {
      const merge = await merged(scene, pair)
      await scene.refuse(pair.keep, true)
      const handle = await scene.startUndo(merge)
      await scene.shown(pair, 'needs-attention')
      await scene.refuse(pair.keep, false)
      await handle.executeUpdate(resume, { args: [MIA] })
      return ended(handle)
    },
  },

  'undo failed, then abandoned': {
    async tell(scene, pair) {
      const merge = await merged(scene, pair)
      await scene.refuse(pair.keep, true)
      const handle = await scene.startUndo(merge)
      await scene.shown(pair, 'needs-attention')
      await handle.executeUpdate(abandon, { args: [MIA] })
      await scene.refuse(pair.keep, false)
      return ended(handle)
    },
  },

  'undo terminated while it waited, taken up again': {
    async tell(scene, pair) {
      const merge = await merged(scene, pair)
      await scene.portal.behave({ mode: 'down', account: pair.account })
      const handle = await scene.startUndo(merge)
      await scene.waits(handle)
      await scene.portal.behave({ mode: 'ok', account: pair.account })
      await handle.terminate('by hand')
      return ended(await scene.startUndo(merge, { merge }))
    },
  },
} satisfies Record<string, Story>

export type StoryName = keyof typeof STORIES
