import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** Certificate and key, as PEM. */
export interface Identity {
  cert: string
  key: string
}

export interface IssueOptions {
  /** Hosts and addresses that it is for; default: this machine. */
  names?: string[]
  /** It ran out yesterday. */
  expired?: boolean
}

/** An authority of the test's own. */
export interface Authority {
  /** What trusts it. */
  cert: string
  issue(options?: IssueOptions): Promise<Identity>
}

/** Makes an authority. */
export async function createAuthority(name = 'An authority'): Promise<Authority> {
  cryptoProvider.set(webcrypto as never)
  const keys = await newKeys()
  const [notBefore, notAfter] = [at(-10), at(10)]
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    cert: cert.toString('pem'),
    async issue({ names = ['localhost', '127.0.0.1'], expired = false } = {}) {
      const own = await newKeys()
      const issued = await X509CertificateGenerator.create({
        subject: `CN=${names[0]}`,
        issuer: cert.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        notBefore: at(-5),
        notAfter: at(expired ? -1 : 5),
        extensions: [
          new SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })),
          ),
        ],
      })
      return {
        cert: issued.toString('pem'),
        key: PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', own.privateKey), 'PRIVATE KEY'),
      }
    },
  }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
}

function at(days: number): Date {
  return new Date(Date.now() + days * DAY_MS)
}

/** A folder for files of certificates. */
export interface Folder {
  /** Writes a file that its owner alone may read, and gives its path. */
  write(name: string, text: string): string
  remove(): void
}

/** `like`: a folder inside which they lie, and whose owner they belong to (a server of another user reads them). */
export function certificateFolder(like?: string): Folder {
  const folder = like ?? mkdtempSync(path.join(tmpdir(), 'ontdubbel-certificates-'))
  return {
    write(name, text) {
      const file = path.join(folder, name)
      writeFileSync(file, text, { mode: 0o600 })
      if (like !== undefined && process.getuid?.() === 0) {
        const { uid, gid } = statSync(like)
        chownSync(file, uid, gid)
      }
      return file
    },
    remove: () => {
      if (like === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
