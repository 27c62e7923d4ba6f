// The JSON that the server speaks: requests and answers of the engine as they are.
export type { AttributeValue, OutcomeCounts } from '@palate/core';
export type {
  Answer,
  AnswerItem,
  Candidate,
  EngineStatus,
  FoundBy,
  ItemMap,
  ItemPage,
  ItemView,
  MethodStatus,
  RecommendRequest,
  Stage,
} from '@palate/engine';
