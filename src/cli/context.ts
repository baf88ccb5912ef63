import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { OntdubbelError } from '../domain/errors'
import { ERRORS, LANGUAGES, type Language } from '../domain/sentences'
import type { MergeWorkflow } from '../merges/store'
import { DEFAULT_DATA_DIR, findRunningStack, type StackInfo } from '../stack/stackFile'
import { choice } from './arguments'

/** Options that commands share. */
export interface SharedOptions {
  dataDir: string
  json?: boolean
  lang: Language
}

/** Adds where things are, and the language of what staff read. */
export function withPlaces(command: Command): Command {
  return command
    .option(
      '--data-dir <folder>',
      'the data folder of the embedded stack, where the environment names no servers',
      DEFAULT_DATA_DIR,
    )
    .addOption(choice('--lang <language>', 'the language of what staff read', LANGUAGES).default('en'))
}

/** Adds who asks and why, for what changes something. */
export function withWho(command: Command): Command {
  return command
    .option('--by <name>', 'who asks', operatingSystemUser())
    .option('--reason <text>', 'why; at most 200 characters, without national numbers or e-mail addresses')
}

function operatingSystemUser(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'unknown'
  }
}

/** Where things are: the environment first (a variable that is empty is none), else the running embedded stack, else an error that says what to set or start. */
export class Places {
  private readonly stack: StackInfo | null

  constructor(
    private readonly dataDir: string,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {
    this.stack = findRunningStack(dataDir)
  }

  databaseUrl(): string {
    return this.env.DATABASE_URL || this.stack?.databaseUrl || this.missing('DATABASE_URL')
  }

  /** As the owner of the schema, for migrations. */
  ownerUrl(): string {
    return (
      this.env.DATABASE_OWNER_URL || this.env.DATABASE_URL || this.stack?.ownerUrl || this.missing('DATABASE_OWNER_URL')
    )
  }

  /** Undefined where Temporal's own environment variables say where it is. */
  temporal(): { address: string; namespace: string } | undefined {
    if (this.namesTemporal()) return undefined
    if (this.stack) return { address: this.stack.temporal.address, namespace: this.stack.temporal.namespace }
    return this.missing('TEMPORAL_ADDRESS')
  }

  /** Null where no portal is known. */
  portal(): { url: string; token: string; embedded: boolean } | null {
    if (this.env.PORTAL_URL) return { url: this.env.PORTAL_URL, token: this.env.PORTAL_TOKEN ?? '', embedded: false }
    return this.stack && { url: this.stack.portalUrl, token: this.stack.portalToken, embedded: true }
  }

  /** Where to look at a workflow, or null where no Temporal UI is known (TEMPORAL_UI_URL). */
  workflowUrl(workflowId: string | null, runId: string | null): string | null {
    const ui = this.env.TEMPORAL_UI_URL || (this.namesTemporal() ? undefined : this.stack?.temporal.ui)
    if (ui === undefined || workflowId === null) return null
    const namespace = (this.env.TEMPORAL_NAMESPACE || this.stack?.temporal.namespace) ?? 'default'
    const page = runId === null ? '' : `/${runId}`
    return `${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}${page}`
  }

  /** The same of the workflow of a merge or of a campaign. */
  readonly urlOf = ({ workflowId, firstRunId }: Pick<MergeWorkflow, 'workflowId' | 'firstRunId'>): string | null =>
    this.workflowUrl(workflowId, firstRunId)

  private namesTemporal(): boolean {
    return Boolean(this.env.TEMPORAL_ADDRESS || this.env.TEMPORAL_PROFILE || this.env.TEMPORAL_CONFIG_FILE)
  }

  private missing(variable: string): never {
    throw new OntdubbelError('no-stack', ERRORS.noStack, 2, { folder: this.dataDir, variable })
  }
}
