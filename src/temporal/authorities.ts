import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { TemporalSettings } from './settings'

/**
 * A worker's connection asks the system whom to trust, a client's asks Node (which brings its own list and reads
 * NODE_EXTRA_CA_CERTS): the worker is given Node's answer, so that one setting serves both, and an image needs no list.
 */
export function trustAsNode(options: TemporalSettings['connectionOptions']): TemporalSettings['connectionOptions'] {
  const { tls: asked = options.apiKey !== undefined } = options
  if (!asked) return options
  const given = asked === true ? {} : asked
  if (given.serverRootCACertificate) return options
  return { ...options, tls: { ...given, serverRootCACertificate: Buffer.from(authorities().join('\n')) } }
}

/** Newer versions of Node say themselves whom they trust. */
function authorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] }
  if (getCACertificates) return getCACertificates('default')
  return [...tls.rootCertificates, ...extra(process.env.NODE_EXTRA_CA_CERTS)]
}

function extra(file: string | undefined): string[] {
  try {
    return file ? [readFileSync(file, 'utf8')] : []
  } catch {
    // Node has warned of it at its start
    return []
  }
}
