export { mergePatrons } from './mergePatrons'
