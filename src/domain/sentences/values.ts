import type { Language, Sentence } from './language'

/** The same code may be another word in another place: where a code stands, then the code. In English it is the code itself. */
export const VALUES = {
  contact: {
    email: { en: 'email', nl: 'e-mail' },
    phone: { en: 'phone', nl: 'telefoon' },
    mobile: { en: 'mobile', nl: 'gsm' },
  },
  card: {
    active: { en: 'active', nl: 'actief' },
    blocked: { en: 'blocked', nl: 'geblokkeerd' },
    lost: { en: 'lost', nl: 'verloren' },
  },
  subscription: {
    active: { en: 'active', nl: 'geldig' },
    expired: { en: 'expired', nl: 'vervallen' },
  },
  hold: {
    waiting: { en: 'waiting', nl: 'wachtend' },
    ready: { en: 'ready', nl: 'ligt klaar' },
    suspended: { en: 'suspended', nl: 'opgeschort' },
    cancelled: { en: 'cancelled', nl: 'geannuleerd' },
  },
  holdReason: {
    'duplicate-after-merge': { en: 'duplicate-after-merge', nl: 'dubbel na ontdubbeling' },
  },
  charge: {
    membership: { en: 'membership', nl: 'contributie' },
    overdue: { en: 'overdue', nl: 'telaatgeld' },
    hold: { en: 'hold', nl: 'reserveringskosten' },
    lost: { en: 'lost', nl: 'verloren werk' },
    other: { en: 'other', nl: 'andere kosten' },
  },
  message: {
    notice: { en: 'notice', nl: 'melding' },
    remark: { en: 'remark', nl: 'opmerking' },
  },
  gender: {
    F: { en: 'F', nl: 'V' },
    M: { en: 'M', nl: 'M' },
    X: { en: 'X', nl: 'X' },
  },
  internetBlock: {
    'online-registration': { en: 'online-registration', nl: 'online ingeschreven' },
    staff: { en: 'staff', nl: 'door een medewerker' },
  },
  flag: {
    true: { en: 'yes', nl: 'ja' },
    false: { en: 'no', nl: 'nee' },
  },
  /** Of a merge. */
  status: {
    preview: { en: 'preview', nl: 'voorbeeld' },
    running: { en: 'running', nl: 'bezig' },
    completed: { en: 'completed', nl: 'voltooid' },
    'waiting-for-portal': { en: 'waiting-for-portal', nl: 'wacht op Mijn Bibliotheek' },
    'portal-skipped': { en: 'portal-skipped', nl: 'zonder Mijn Bibliotheek' },
    'needs-attention': { en: 'needs-attention', nl: 'vraagt aandacht' },
    abandoned: { en: 'abandoned', nl: 'teruggedraaid' },
    undoing: { en: 'undoing', nl: 'wordt ongedaan gemaakt' },
    'undo-waiting-for-portal': { en: 'undo-waiting-for-portal', nl: 'ongedaan gemaakt, wacht op Mijn Bibliotheek' },
    undone: { en: 'undone', nl: 'ongedaan gemaakt' },
    refused: { en: 'refused', nl: 'geweigerd' },
  },
  campaignStatus: {
    running: { en: 'running', nl: 'bezig' },
    pausing: { en: 'pausing', nl: 'wordt gepauzeerd' },
    paused: { en: 'paused', nl: 'gepauzeerd' },
    completed: { en: 'completed', nl: 'voltooid' },
    cancelled: { en: 'cancelled', nl: 'geannuleerd' },
    undoing: { en: 'undoing', nl: 'wordt ongedaan gemaakt' },
    undone: { en: 'undone', nl: 'ongedaan gemaakt' },
  },
  /** Of a pair of a campaign. */
  outcome: {
    completed: { en: 'completed', nl: 'voltooid' },
    refused: { en: 'refused', nl: 'geweigerd' },
    'needs-acceptance': { en: 'needs-acceptance', nl: 'waarschuwing niet aanvaard' },
    'set-aside': { en: 'set-aside', nl: 'opzij gezet' },
    'waiting-for-portal': { en: 'waiting-for-portal', nl: 'wacht op Mijn Bibliotheek' },
    'portal-skipped': { en: 'portal-skipped', nl: 'zonder Mijn Bibliotheek' },
    'needs-attention': { en: 'needs-attention', nl: 'vraagt aandacht' },
    undone: { en: 'undone', nl: 'ongedaan gemaakt' },
    waiting: { en: 'waiting', nl: 'wacht op een andere ontdubbeling' },
    running: { en: 'running', nl: 'bezig' },
    pending: { en: 'pending', nl: 'nog te doen' },
    'not-run': { en: 'not-run', nl: 'niet uitgevoerd' },
  },
  /** Of a merge that is undone with many. */
  undoManyOutcome: {
    undone: { en: 'undone', nl: 'ongedaan gemaakt' },
    refused: { en: 'refused', nl: 'geweigerd' },
    'set-aside': { en: 'failed, and left as they are', nl: 'mislukt en zo gelaten' },
    pending: { en: 'still to be undone', nl: 'nog ongedaan te maken' },
  },
  /** Of a pair that is previewed. */
  previewOutcome: {
    completed: { en: 'would be merged', nl: 'zouden ontdubbeld worden' },
    refused: { en: 'would be refused', nl: 'zouden geweigerd worden' },
    'needs-acceptance': {
      en: 'have a warning that was not accepted',
      nl: 'hebben een waarschuwing die niet aanvaard is',
    },
    'set-aside': { en: 'fail, and would be set aside', nl: 'mislukken en zouden opzij gezet worden' },
    waiting: { en: 'would wait for an unfinished merge', nl: 'zouden wachten op een onafgewerkte ontdubbeling' },
    busy: { en: 'were in use at a desk each time', nl: 'waren telkens in gebruik aan een balie' },
  },
  pace: {
    desk: { en: 'desk', nl: 'rustig (de balies merken er niets van)' },
    full: { en: 'full', nl: 'voluit' },
  },
  /** What people ask of a campaign, as it is told afterwards. */
  campaignCommand: {
    pause: { en: 'pause', nl: 'gepauzeerd' },
    resume: { en: 'resume', nl: 'hervat' },
    cancel: { en: 'cancel', nl: 'geannuleerd' },
    set: { en: 'set', nl: 'instellingen gewijzigd' },
    retry: { en: 'retry', nl: 'opzij gezette paren opnieuw geprobeerd' },
    undo: { en: 'undo', nl: 'ongedaan gemaakt' },
  },
  /** Of the feed. */
  event: {
    merged: { en: 'merged', nl: 'ontdubbeld' },
    undone: { en: 'undone', nl: 'ongedaan gemaakt' },
  },
  /** What people ask of a merge after it has begun, as it is told afterwards. */
  command: {
    'retry-portal': { en: 'retry-portal', nl: 'Mijn Bibliotheek opnieuw geprobeerd' },
    'skip-portal': { en: 'skip-portal', nl: 'Mijn Bibliotheek opgegeven' },
    resume: { en: 'resume', nl: 'hervat' },
    abandon: { en: 'abandon', nl: 'teruggedraaid' },
    undo: { en: 'undo', nl: 'ongedaan gemaakt' },
  },
  /** R14, and what `details-differ` and an undo name. */
  field: {
    name: { en: 'name', nl: 'naam' },
    'birth-date': { en: 'birth date', nl: 'geboortedatum' },
    gender: { en: 'gender', nl: 'geslacht' },
    address: { en: 'address', nl: 'adres' },
    blanks: { en: 'blanks', nl: 'wat ontbreekt' },
    'national-number': { en: 'national number', nl: 'rijksregisternummer' },
    'registered-on': { en: 'registration date', nl: 'inschrijvingsdatum' },
    'internet-block': { en: 'internet block', nl: 'internetblokkade' },
  },
  /** What speaks for two people (`different-person`). */
  because: {
    name: { en: 'the names are far apart', nl: 'de namen lijken niet op elkaar' },
    'birth-date': { en: 'the birth dates differ', nl: 'de geboortedata verschillen' },
    gender: { en: 'the genders differ', nl: 'het geslacht verschilt' },
    twins: { en: 'all but the first name agree (twins?)', nl: 'alleen de voornaam verschilt (tweelingen?)' },
  },
} as const satisfies Record<string, Record<string, Sentence>>

export type ValueKind = keyof typeof VALUES

/** A code as people read it; what is none (a free text) as it is. */
export function valueWord(kind: ValueKind, value: string, language: Language): string {
  return (VALUES[kind] as Record<string, Sentence>)[value]?.[language] ?? value
}
