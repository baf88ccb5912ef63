import { accessSync, constants, statfsSync } from 'node:fs'
import { temporaryDataDir } from '../../src/stack/dataDir'

const IN_MEMORY = '/dev/shm'
/** What the tests' servers need at the most, with their logs. */
const MOST_BYTES = 4 * 1024 ** 3

/**
 * A folder for servers that tests start, in memory where there is room: hundreds of databases are made and dropped, each of some
 * four hundred files, and a disk's file system spends a tenth of the tests' time on these. Remove it with `removeDataDir`.
 */
export function testDataDir(prefix: string): string {
  return hasRoom(IN_MEMORY) ? temporaryDataDir(prefix, IN_MEMORY) : temporaryDataDir(prefix)
}

function hasRoom(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= MOST_BYTES
  } catch {
    return false
  }
}
