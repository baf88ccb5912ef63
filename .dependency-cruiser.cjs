// Which folder may import which: arrows point one way. `npm run verify` checks it, and that anything was read at all.
// The parser cannot tell `import type` from `import`: what holds only when the program runs is asked of dist.

/** Of each folder of src the folders that it may import, beside itself and packageRoot.ts. */
const may = {
  domain: [],
  database: ['domain'],
  steps: ['database', 'domain'],
  input: ['domain'],
  portal: ['database', 'domain'],
  interchange: ['input', 'database', 'domain'],
  candidates: ['input', 'database', 'domain'],
  campaigns: ['input', 'database', 'domain', 'steps'],
  patrons: ['database', 'domain'],
  generator: ['domain'],
  merges: ['steps', 'portal', 'database', 'domain'],
  activities: ['merges', 'candidates', 'campaigns', 'steps', 'portal', 'interchange', 'database', 'domain'],
  workflows: ['domain'],
  temporal: ['activities', 'workflows', 'domain'],
  stack: ['temporal', 'database', 'domain'],
}

/** What only the types of may be imported: nothing of it runs there. */
const mayTypes = {
  workflows: ['activities', 'merges', 'campaigns'],
}

const oneOf = (folders) => `^src/(${folders.join('|')})/`

const folderRules = Object.entries(may).map(([folder, folders]) => ({
  name: `${folder}-points-down`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [oneOf([folder, ...folders, ...(mayTypes[folder] ?? [])]), '^src/packageRoot\\.ts$'] },
}))

const typeRules = Object.entries(mayTypes).map(([folder, folders]) => ({
  name: `${folder}-only-types`,
  comment: 'only `import type` may cross here',
  severity: 'error',
  from: { path: `^dist/src/${folder}/` },
  to: { path: `^dist/src/(${folders.join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...folderRules,
    ...typeRules,
    {
      name: 'every-folder-has-its-place',
      comment: 'a new folder of src is named above, with what it may import',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: oneOf([...Object.keys(may), 'cli']) },
      to: {},
    },
    {
      name: 'nothing-imports-cli-or-worker',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: ['^src/cli/', '^src/worker\\.ts$'] },
    },
    {
      name: 'the-portal-is-somebody-elses',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^reference-portal/' },
    },
    {
      name: 'the-portal-knows-nothing-of-us',
      severity: 'error',
      from: { path: '^reference-portal/' },
      to: { path: ['^src/', '^bench/', '^test/'] },
    },
    {
      name: 'workflows-touch-nothing-outside',
      comment: 'workflow code runs in a sandbox, and once more at every replay',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: 'node_modules/@temporalio/(workflow|common)/' },
    },
    {
      name: 'domain-does-nothing-outside',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-circles', severity: 'error', from: { path: '^dist/' }, to: { circular: true } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'program-needs-no-development-packages',
      severity: 'error',
      from: { path: '^dist/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // TypeScript 7 has no parser to borrow; @swc/core has
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['node', 'require', 'import', 'default'],
    },
  },
}
