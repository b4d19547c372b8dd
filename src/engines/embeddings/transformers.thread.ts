import { serveRequests } from '../../kernel/request-thread.js';
import { TransformersModel, type TransformersRequest } from './transformers-model.adapter.js';

const model = await TransformersModel.load();

serveRequests(async (request: TransformersRequest) => ({ reply: await model.run(request) }));
