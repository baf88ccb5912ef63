import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS } from '../domain/sentences'
import { EXIT } from './exitCodes'

/** There is no campaign of that id. */
export function unknownCampaign(campaign: number): OntdubbelError {
  return new OntdubbelError('unknown-campaign', CAMPAIGN_ERRORS.unknown, EXIT.badInput, { campaign })
}
