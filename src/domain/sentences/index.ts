/** What staff read, in Dutch and English, and nowhere else. Sentences hold ids, libraries, dates and counts, never values. */
export {
  CAMPAIGN_ERRORS,
  CAMPAIGN_OPERATIONS,
  CAMPAIGN_PREVIEW,
  CAMPAIGN_WANTED,
  FOLLOW_UP_SENTENCES,
  REGISTERED_MANY,
} from './campaignCommands'
export {
  CAMPAIGN_LINES,
  campaignDetails,
  campaignSentences,
  durationIn,
  heldUpBy,
  outcomeLines,
  pauseSentence,
} from './campaigns'
export { countsInWords } from './counts'
export { ERRORS } from './errors'
export type { Expected } from './expected'
export { FAILURES, failureRemedy, failureSentence, isFailureCode, PORTAL_REFUSED, type FailureCode } from './failures'
export { say } from './fill'
export { dayIn, decimalIn, euros, momentIn } from './formats'
export { IMPORTED, IMPORT_SENTENCES, IMPORT_STAGES } from './imports'
export { IMPORT_PROBLEMS, IMPORT_WANTS, type ImportWant } from './importProblems'
export { LANGUAGES, type Language, type Sentence } from './language'
export { MERGE_LINES } from './mergeLines'
export { givenUpNotice, undoGivenUpNotice } from './notices'
export { OPERATIONS, UPDATE_REFUSALS } from './operations'
export { LIST_PROBLEMS } from './pairLists'
export { PATRON_LINES } from './patronLines'
export { refusalSentence } from './refusals'
export { statusSentence, statusWord } from './statuses'
export { stepSentence, stepWidth } from './steps'
export { columnInWords, tableWord } from './tables'
export { seenSentence, UNDO_LINES, undoSentence } from './undo'
export {
  notUndoneLines,
  notUndoneSentence,
  UNDO_MANY_ERRORS,
  UNDO_MANY_LINES,
  UNDO_MANY_OPERATIONS,
  UNDO_MANY_WANTED,
  undoManyDetails,
  undoManyLines,
  undoManySentences,
  undoManyTitle,
} from './undoMany'
export { USAGE, VALUES_WANTED } from './usage'
export { valueWord } from './values'
export { warningSentence } from './warnings'
