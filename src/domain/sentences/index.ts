/** What staff read, in Dutch and English, and nowhere else. Sentences hold ids, libraries, dates and counts, never values. */
export { FAILURES, failureRemedy, failureSentence, isFailureCode, type FailureCode } from './failures'
export { LANGUAGES, type Language } from './fill'
export { givenUpNotice, undoGivenUpNotice } from './notices'
export { refusalSentence } from './refusals'
export { statusSentence, statusWord } from './statuses'
export { stepSentence } from './steps'
export { seenSentence, undoSentence } from './undo'
export { warningSentence } from './warnings'
