import { inOrder, type Refusal, type Told, type Warning } from './codes'
import type { MergeReport, WarningReport } from './request'
import {
  failureRemedy,
  failureSentence,
  isFailureCode,
  refusalSentence,
  warningSentence,
  type Language,
} from './sentences'

/** Warnings in the order of domain.md, each with its sentence. */
export function withSentences(warnings: readonly Warning[], language: Language): WarningReport[] {
  return inOrder(warnings).map(({ code, details }) => ({
    code,
    message: warningSentence(code, details, language),
    details,
  }))
}

export function refusalReport(refusal: Refusal | null, language: Language): MergeReport['refusal'] {
  return (
    refusal && {
      code: refusal.code,
      message: refusalSentence(refusal.code, refusal.details, language),
      details: refusal.details,
    }
  )
}

/** Why a person has to look, and what they can do. */
export function attentionReport(told: Told | null, language: Language): MergeReport['attention'] {
  if (told === null) return null
  const code = isFailureCode(told.code) ? told.code : 'unforeseen'
  const message = `${failureSentence(code, told.details, language)} ${failureRemedy(code, told.details, language)}`
  return { code: told.code, message, details: told.details }
}

/** The report of a merge that was refused before it had a row (bad input, an unknown merge). */
export function refusedWithoutRow(refusal: Refusal, language: Language = 'en'): MergeReport {
  return {
    id: null,
    status: 'refused',
    keep: null,
    remove: null,
    on: null,
    warnings: [],
    steps: [],
    by: null,
    reason: null,
    refusal: refusalReport(refusal, language),
    attention: null,
    temporalUrl: null,
  }
}
