import { NETWORK_FAILURES, networkFailure, type NetworkFailure, type Unreachable } from '../domain/networkFailures'
import { sqlState } from './failures'

type Why = [why: string, remedy: string]

const CERTIFICATE =
  'sslrootcert in DATABASE_URL names the file of the authority that made it; ask whoever runs the server.'

/** By the code of the system or of TLS. */
const REMEDIES: Record<NetworkFailure, string> = {
  'nobody-listens': 'Start PostgreSQL, or the embedded stack ("ontdubbel up"); check host and port in DATABASE_URL.',
  'no-such-host': 'Check the host in DATABASE_URL.',
  'no-way-there': 'Check the host in DATABASE_URL, and the network between here and there.',
  silent: 'Check host and port in DATABASE_URL, and firewalls between here and there.',
  'broken-off': 'Check host and port in DATABASE_URL; look into the log of PostgreSQL.',
  'not-trusted': CERTIFICATE,
  expired: 'Ask whoever runs the server for a new certificate.',
  'not-yet-valid': 'Set the clock; else ask whoever runs the server.',
  'other-name':
    'Use the name in the certificate as host in DATABASE_URL; sslmode=verify-ca checks the authority alone.',
  'no-tls-there': 'Check host and port in DATABASE_URL.',
  'client-certificate': 'Set sslcert and sslkey in DATABASE_URL; ask whoever runs the server.',
  'bad-certificate-file': 'Check that the files named by sslrootcert, sslcert and sslkey in DATABASE_URL are PEM.',
}

/** By SQLSTATE. */
const REFUSALS: Record<string, Why> = {
  '28P01': ['the password is wrong', 'Check user and password in DATABASE_URL.'],
  '28000': ['this user may not connect', 'Check the user in DATABASE_URL, and pg_hba.conf.'],
  '3D000': [
    'there is no such database',
    'Check the name in DATABASE_URL; create the database, and run "ontdubbel migrate".',
  ],
  '53300': [
    'the server has no connections left',
    'Raise max_connections, or give workers fewer (DATABASE_CONNECTIONS).',
  ],
  '57P03': ['it is starting up or shutting down', 'Try again in a moment.'],
}

/** By what the driver or the server says, where no code tells. */
const WORDS: [RegExp, Why][] = [
  [
    /^Invalid URL$/,
    [
      'its address cannot be read',
      'Write DATABASE_URL as postgres://user:password@host:port/database, with %XX for what is special in a password.',
    ],
  ],
  [
    /does not support SSL/i,
    [
      'it has no TLS, and sslmode in DATABASE_URL wants it',
      'Turn ssl on in the server; sslmode=disable only where nobody else is on the network.',
    ],
  ],
  [
    /no pg_hba\.conf entry.*no encryption/i,
    [
      'it takes this user over TLS only',
      'Add sslmode=verify-full to DATABASE_URL, and sslrootcert for an authority of your own.',
    ],
  ],
  [
    /permission denied for database/i,
    [
      'this user may not connect to this database',
      'As the owner of the database: grant connect on database … to ontdubbel_worker',
    ],
  ],
  [/requires a valid client certificate/i, ['it wants a client certificate', REMEDIES['client-certificate']]],
  [/timeout expired|connection timeout/i, [NETWORK_FAILURES.silent, REMEDIES.silent]],
  [/connection terminated|error establishing an SSL/i, [NETWORK_FAILURES['broken-off'], REMEDIES['broken-off']]],
]

/** Why a connection to the library database failed; null for an error that is not about connecting. Quotes nothing. */
export function whyUnreachable(error: unknown): Unreachable | null {
  const { code, message = '' } = error as { code?: unknown; message?: string }
  const failure = networkFailure(code)
  const why: Why | undefined =
    WORDS.find(([words]) => words.test(message))?.[1] ??
    REFUSALS[sqlState(error) ?? ''] ??
    (failure ? [NETWORK_FAILURES[failure], REMEDIES[failure]] : undefined)
  return why ? { message: `The library database cannot be reached: ${why[0]}.`, remedy: why[1] } : null
}
