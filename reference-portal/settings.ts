/** What the portal is told by its environment. */
export interface Settings {
  readonly databaseUrl: string
  readonly token: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** Reads the settings; throws with a sentence about the first one that is missing or wrong. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const required = (name: string): string => {
    const value = env[name]
    if (value === undefined || value === '') throw new Error(`${name} is not set`)
    return value
  }
  const port = Number(env['PORT'] ?? '0')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('PORT is not a port number')
  return {
    databaseUrl: required('DATABASE_URL'),
    token: required('PORTAL_TOKEN'),
    host: env['HOST'] ?? '127.0.0.1',
    port,
  }
}
