export { mergePatrons } from './mergePatrons'
export { undoMerge } from './undoMerge'
export { portalBacklog } from './portalBacklog'
export { runCampaign } from './runCampaign'
