import type { StepName } from '../codes'
import type { Language, Sentence } from './language'

export const STEP_SENTENCES: Record<StepName, Sentence> = {
  openMerge: { en: 'Take both records', nl: 'Beide records vergrendelen' },
  transferLoans: { en: 'Move loans', nl: 'Uitleningen overzetten' },
  transferHolds: { en: 'Move holds', nl: 'Reserveringen overzetten' },
  transferLoanHistory: { en: 'Move or erase loan history', nl: 'Leenhistoriek overzetten of wissen' },
  transferFees: { en: 'Move charges and payments', nl: 'Kosten en betalingen overzetten' },
  transferContacts: { en: 'Move contacts', nl: 'Contactgegevens overzetten' },
  transferMessages: { en: 'Move notices and remarks', nl: 'Meldingen en opmerkingen overzetten' },
  transferCards: { en: 'Move cards', nl: 'Passen overzetten' },
  transferSubscriptions: { en: 'Move subscriptions', nl: 'Abonnementen overzetten' },
  transferDetails: { en: 'National number and details', nl: 'Rijksregisternummer en gegevens' },
  applyInternetBlock: { en: 'Internet block', nl: 'Internetblokkade' },
  retireRecord: { en: 'Retire the removed record', nl: 'Te verwijderen record afsluiten' },
  syncPortalLinks: { en: 'Update links at the portal', nl: 'Koppelingen in Mijn Bibliotheek bijwerken' },
}

/** The longest, so that what stands behind them stands in one column. */
export function stepWidth(language: Language): number {
  return Math.max(...Object.values(STEP_SENTENCES).map((sentence) => sentence[language].length))
}

/** What a step does, in a few words: the summary in the Temporal UI and the line on the command line. */
export function stepSentence(step: StepName, language: Language): string {
  return STEP_SENTENCES[step][language]
}
