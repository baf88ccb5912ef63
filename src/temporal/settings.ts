import { accessSync, constants } from 'node:fs'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { OntdubbelError } from '../domain/errors'

/** How a Temporal server is spoken to; the same for clients and workers. */
export type TemporalSettings = ReturnType<typeof loadClientConnectConfig> & { namespace: string }

/** Temporal's own, where nobody named one. */
const DEFAULT_NAMESPACE = 'default'

/** What Temporal's tools take as yes and no. */
const YES = /^(1|t|true)$/i
const NO = /^(0|f|false)$/i
const FLAGS = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION']
const FILES = [
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
]

/**
 * The connection settings by the TEMPORAL_* variables, as Temporal's own tools read them, and by a profile file only where
 * one is named (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE), so that nobody's default profile, perhaps production's, is merged in
 * by accident. A variable that is empty is none: compose files pass those on.
 * @throws OntdubbelError `bad-settings`, naming the variable: what the SDK would pass over in silence (half a client
 * certificate, a file that is not there, a `yes` that it takes as no) is refused here
 */
export function readTemporalSettings(env: NodeJS.ProcessEnv): TemporalSettings {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith('TEMPORAL_') && value !== undefined && value !== ''),
  ) as Record<string, string>
  for (const name of FLAGS) if (given[name] !== undefined) given[name] = String(isYes(name, given[name]))
  if (given.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION === 'true') {
    throw wrong(
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION cannot be followed: the name in the certificate is always checked. Unset it, and set TEMPORAL_TLS_SERVER_NAME to the name that stands there.',
    )
  }
  for (const name of FILES) if (given[name] !== undefined) requireFile(name, given[name])

  const named = Boolean(given.TEMPORAL_PROFILE ?? given.TEMPORAL_CONFIG_FILE)
  let settings: ReturnType<typeof loadClientConnectConfig>
  try {
    // the folder of profiles is found by HOME (or its like), which is read only where one is named
    const overrideEnvVars = named ? { ...withoutTemporal(env), ...given } : given
    settings = loadClientConnectConfig({ disableFile: !named, overrideEnvVars })
  } catch (error) {
    throw wrong(`The settings for Temporal cannot be read: ${(error as Error).message}.`)
  }
  check(settings.connectionOptions, given)
  return { ...settings, namespace: settings.namespace ?? DEFAULT_NAMESPACE }
}

function withoutTemporal(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'))) as Record<
    string,
    string
  >
}

function isYes(name: string, value: string): boolean {
  if (YES.test(value)) return true
  if (NO.test(value)) return false
  throw wrong(`${name} is neither true nor false.`)
}

function requireFile(name: string, file: string): void {
  try {
    accessSync(file, constants.R_OK)
  } catch (error) {
    throw wrong(
      `${name} names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no reason known'}).`,
    )
  }
}

function check({ address, apiKey, tls }: TemporalSettings['connectionOptions'], given: Record<string, string>): void {
  if (address?.includes('://')) {
    throw wrong('TEMPORAL_ADDRESS is host:port, without http:// or https://; TLS is said by TEMPORAL_TLS=true.')
  }
  // a message of the SDK's would quote it
  if (typeof apiKey === 'string' && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw wrong(
      'TEMPORAL_API_KEY holds white space or other characters that no key has: a line end of a file, perhaps.',
    )
  }
  if (typeof tls !== 'object' || tls === null || tls.clientCertPair) return
  const has = (part: string) => Object.keys(given).some((name) => name.startsWith(`TEMPORAL_TLS_CLIENT_${part}_`))
  if (has('CERT') !== has('KEY')) {
    throw wrong(
      'A client certificate for Temporal needs both TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
    )
  }
}

function wrong(message: string): OntdubbelError {
  return new OntdubbelError('bad-settings', message, 2)
}
