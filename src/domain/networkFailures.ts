/**
 * What the code of a failed connection means, whoever is at the other end: codes of the system (`ECONNREFUSED`) and of TLS.
 * A kind that a person can do something about, or null where the code says nothing to a person.
 */
export type NetworkFailure =
  | 'nobody-listens'
  | 'no-such-host'
  | 'no-way-there'
  | 'silent'
  | 'broken-off'
  | 'not-trusted'
  | 'expired'
  | 'not-yet-valid'
  | 'other-name'
  | 'no-tls-there'
  | 'client-certificate'
  | 'bad-certificate-file'

/** What is wrong with a connection, and what to do. */
export interface Unreachable {
  message: string
  remedy: string
}

/** In words, as the end of a sentence. */
export const NETWORK_FAILURES: Record<NetworkFailure, string> = {
  'nobody-listens': 'nobody listens there',
  'no-such-host': 'there is no such host',
  'no-way-there': 'there is no way to it from here',
  silent: 'it does not answer',
  'broken-off': 'it breaks the connection off',
  'not-trusted': 'its certificate was not made by an authority that is trusted here',
  expired: 'its certificate has expired',
  'not-yet-valid': 'its certificate is not valid yet: is the clock of this machine right?',
  'other-name': 'its certificate is for another name',
  'no-tls-there': 'it does not speak TLS',
  'client-certificate': 'it does not take this client without, or with this, client certificate',
  'bad-certificate-file': 'a file of certificate or key cannot be used',
}

const CODES: Record<string, NetworkFailure> = {
  ECONNREFUSED: 'nobody-listens',
  ENOTFOUND: 'no-such-host',
  EAI_AGAIN: 'no-such-host',
  EHOSTUNREACH: 'no-way-there',
  ENETUNREACH: 'no-way-there',
  ETIMEDOUT: 'silent',
  UND_ERR_CONNECT_TIMEOUT: 'silent',
  UND_ERR_HEADERS_TIMEOUT: 'silent',
  ECONNRESET: 'broken-off',
  EPIPE: 'broken-off',
  UND_ERR_SOCKET: 'broken-off',
  SELF_SIGNED_CERT_IN_CHAIN: 'not-trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'not-trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'not-trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'not-trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'not-trusted',
  CERT_SIGNATURE_FAILURE: 'not-trusted',
  CERT_UNTRUSTED: 'not-trusted',
  INVALID_CA: 'not-trusted',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'other-name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no-tls-there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no-tls-there',
  ERR_SSL_HTTP_REQUEST: 'no-tls-there',
  EPROTO: 'no-tls-there',
}

/** A server's word about the client's certificate, and OpenSSL's about a file. */
const PATTERNS: [RegExp, NetworkFailure][] = [
  [
    /^ERR_SSL_.*ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED|DECRYPT_ERROR)$/,
    'client-certificate',
  ],
  [/^ERR_OSSL_/, 'bad-certificate-file'],
]

/** What failed, by the code of an error of Node's network modules; null where the code is none of these. */
export function networkFailure(code: unknown): NetworkFailure | null {
  if (typeof code !== 'string') return null
  return CODES[code] ?? PATTERNS.find(([pattern]) => pattern.test(code))?.[1] ?? null
}
