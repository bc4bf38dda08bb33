"""The path of connections: request, answer, and who may use it."""

from eventer.api.wire.connection_responses import ConnectionReportOut
from eventer.core.errors import DestinationUnavailableError


async def test_a_connection_is_tested(client, service):
    query = [("name", "kafka"), ("target", "orders"), ("target", "b")]
    answer = (await client.post("/connection/test", params=query)).json()
    assert service.asked == [("test_connection", "kafka", ["orders", "b"])]
    ConnectionReportOut.model_validate(answer)
    size = {"rows": 7, "bytes": None, "partitions": 3}
    assert answer == {
        "server": "Kafka, 1 broker",
        "guarantee": "at-least-once",
        "degraded": "why",
        "sizes": {"orders": size, "b": size},
    }


async def test_the_answer_of_a_connection_that_does_not_work_says_what_to_do(client, service):
    service.fails = DestinationUnavailableError("nothing answers at db:5432", hint="start it")
    answer = await client.post("/connection/test", params={"name": "postgres"})
    assert (answer.status_code, answer.json()["hint"]) == (503, "start it")
    assert (await client.post("/connection/test")).status_code == 422


async def test_a_read_token_cannot_test(client_for, service):
    tokens = {"token": "write-token-of-some-length", "read_token": "read-token-of-some-length"}
    async with client_for(**tokens) as client:
        headers = {"Authorization": f"Bearer {tokens['read_token']}"}
        query = {"name": "kafka"}
        answer = await client.post("/connection/test", params=query, headers=headers)
    assert (answer.status_code, service.asked) == (403, [])
