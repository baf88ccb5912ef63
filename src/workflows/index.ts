export { mergePatrons } from './mergePatrons'
export { undoMerge } from './undoMerge'
