import { setFlagsFromString } from 'node:v8';

/**
 * Lets objects of calls be born young for the life of the process. Where V8 sees at the start that many objects of one
 * place in the code survive (streams do, while its young generation is still tiny), it makes all later ones there old from
 * birth. An old object that nobody needs any more stays until the next full collection, and with it all that it refers to:
 * the request, the answer, the prompt. One start in two went that way, and had 60 MB more for good and collections three
 * times as long.
 */
export function keepCallsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
