/** What staff read, in Dutch and English, and nowhere else. Sentences hold ids, libraries, dates and counts, never values. */
export { FAILURES, failureRemedy, failureSentence, isFailureCode, type FailureCode } from './failures'
export { LANGUAGES, type Language } from './fill'
export { givenUpNotice } from './notices'
export { refusalSentence } from './refusals'
export { statusSentence, statusWord } from './statuses'
export { stepSentence } from './steps'
export { warningSentence } from './warnings'
