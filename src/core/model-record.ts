import type { JsonObject } from './json.ts';
import type { Stamps } from './owner-records.ts';

/** A deployment that administrators added while the gateway runs, as stored. */
export interface ModelRecord extends Stamps {
  id: string;
  modelName: string;
  /** `litellm_params` as given, every credential in it sealed. */
  params: JsonObject;
  /** `model_info` as given, without its id. */
  info: JsonObject;
}
