-- Version 10: what a sensor publishes is one service after the other, so what was published of one
-- must be found without a look at all.

CREATE INDEX endpoint_service ON endpoint (service);
CREATE INDEX finding_endpoint ON finding (endpoint);
