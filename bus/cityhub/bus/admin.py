"""Changing what the broker holds beside records: topics, access rules, quotas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient, errors
from kafka.admin import MemberToRemove
from kafka.errors import GroupIdNotFoundError, KafkaError, for_code
from kafka.protocol.admin import AlterClientQuotasRequest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusRefused, BusUnavailable

_TIMEOUT_MS = 60_000


class Admin(KafkaAdminClient):  # type: ignore[misc] # untyped library
    """kafka-python's administration, and the quotas that it has messages for but no method."""

    def limit(self, user: str, *, produced: float | None, consumed: float | None = None) -> None:
        """How many bytes/s a log-in may write to and read from each broker; None = no limit of its own.

        Raises:
            KafkaError: the broker refuses.
        """
        entry = AlterClientQuotasRequest.EntryData
        limits = {"producer_byte_rate": produced, "consumer_byte_rate": consumed}
        request = AlterClientQuotasRequest(
            entries=[
                entry(
                    entity=[entry.EntityData(entity_type="user", entity_name=user)],
                    ops=[
                        entry.OpData(key=key, value=limit or 0.0, remove=limit is None) for key, limit in limits.items()
                    ],
                )
            ],
            validate_only=False,
        )
        for answer in self._manager.run(self._manager.send, request).entries:
            if answer.error_code:
                raise for_code(answer.error_code)(answer.error_message)

    def forget_groups(self, prefix: str) -> None:
        """Send the members of all groups with this prefix away, and delete the groups with their offsets.

        Raises:
            KafkaError: one could not be deleted; NonEmptyGroupError, where somebody joined it meanwhile.
        """
        groups = [one["group_id"] for one in self.list_groups() if one["group_id"].startswith(prefix)]
        for group, told in (self.describe_groups(groups) if groups else {}).items():
            if members := [MemberToRemove(member_id=one["member_id"]) for one in told["members"]]:
                self.remove_group_members(group, members)
        failed = {group: said for group, said in (self.delete_groups(groups) if groups else {}).items() if said != "OK"}
        for group, said in failed.items():
            if said != GroupIdNotFoundError.__name__:
                raise getattr(errors, said)(f"group {group}")


@contextmanager
def administration(access: KafkaAccess, client_id: str) -> Iterator[Admin]:
    """A connection for changes; closed at the end.

    Raises:
        BusUnavailable: the broker does not answer.
        BusRefused: it does not let this log-in make the change.
    """
    try:
        admin = Admin(**access.kafka_python(), client_id=client_id, request_timeout_ms=_TIMEOUT_MS)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        if error.retriable:
            raise BusUnavailable(f"{access.bootstrap} does not answer: {error}; try again") from error
        raise BusRefused(
            f"{access.bootstrap} does not let {access.username} change topics and rules: {error}; "
            "docs/helm.md (Kafka) lists what it must be allowed"
        ) from error
