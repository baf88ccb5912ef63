import { SingleBar } from 'cli-progress'

/** How far something is: `beside` are the words of the format. */
export interface Stand {
  done: number
  of: number
  beside?: Record<string, string>
}

/** A progress bar on standard error. */
export interface Bar {
  show(stand: Stand): void
  /** Has the bar out of the way while a line is told. */
  aside(work: () => void): void
  end(): void
}

/** A bar of that format (cli-progress); none where nobody looks: on a terminal only. It begins when it is first shown. */
export function progressBar(format: string): Bar {
  if (!process.stderr.isTTY) return { show: () => {}, aside: (work) => work(), end: () => {} }
  const bar = new SingleBar({ stream: process.stderr, format, clearOnComplete: true, hideCursor: true })
  let last: Stand | undefined
  const show = (stand: Stand) => {
    const { done, of, beside = {} } = stand
    if (last === undefined) bar.start(of, done, beside)
    else bar.update(done, beside)
    last = stand
  }
  const end = () => {
    if (last !== undefined) bar.stop()
    last = undefined
  }
  const aside = (work: () => void) => {
    const before = last
    end()
    work()
    if (before) show(before)
  }
  return { show, aside, end }
}
