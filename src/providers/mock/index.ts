/** Answers of deployments with a `mock_response`, made without a network. */
export { mockAnswer } from './mock-answer.ts';
export { mockStreamFrames } from './mock-stream-frames.ts';
