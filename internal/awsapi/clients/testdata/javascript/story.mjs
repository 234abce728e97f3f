// The story as the AWS SDK for JavaScript tells it. Needs AIKAGI_ENDPOINT, AIKAGI_INSTANCE, keys and region as usual.
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-connect";

const endpoint = process.env.AIKAGI_ENDPOINT;
const InstanceId = process.env.AIKAGI_INSTANCE;
const connect = new sdk.ConnectClient({ endpoint });
const done = new Set();

const call = (name, input = {}) => {
  done.add(name);
  return connect.send(new sdk[name + "Command"]({ InstanceId, ...input }));
};

const refused = async (code, name, input) => {
  await assert.rejects(call(name, input), (e) => {
    assert.equal(e.name, code, `${name}: ${e}`);
    assert.ok(e.$metadata.requestId, `${name} has no request id`);
    return true;
  });
};

const { InstanceSummaryList } = await connect.send(new sdk.ListInstancesCommand({}));
assert.ok(InstanceSummaryList.some((i) => i.Id === InstanceId && i.InstanceStatus === "ACTIVE"));
assert.ok((await call("DescribeInstance")).Instance.CreatedTime instanceof Date);

const profiles = {};
for await (const page of sdk.paginateListSecurityProfiles({ client: connect, pageSize: 2 }, { InstanceId })) {
  for (const p of page.SecurityProfileSummaryList) profiles[p.Name] = p.Id;
}
assert.ok(profiles.Agent && profiles.Admin);
const routing = (await call("ListRoutingProfiles")).RoutingProfileSummaryList.find((p) => p.Name === "Basic Routing Profile").Id;

// Security profiles and hierarchy
const { SecurityProfileId } = await call("CreateSecurityProfile", {
  SecurityProfileName: "javascript leaders", Permissions: ["Users.View"], Tags: { "made-by": "javascript" },
});
await call("UpdateSecurityProfile", { SecurityProfileId, Description: "changed" });
assert.deepEqual((await call("ListSecurityProfilePermissions", { SecurityProfileId })).Permissions, ["Users.View"]);
assert.equal((await call("DescribeSecurityProfile", { SecurityProfileId })).SecurityProfile.Description, "changed");
const { HierarchyGroupId } = await call("CreateUserHierarchyGroup", { Name: "javascript team" });
assert.equal((await call("DescribeUserHierarchyGroup", { HierarchyGroupId })).HierarchyGroup.LevelId, "1");
const groups = await call("SearchUserHierarchyGroups", {
  SearchCriteria: { StringCondition: { FieldName: "name", Value: "javascript team", ComparisonType: "EXACT" } },
});
assert.deepEqual(groups.UserHierarchyGroups.map((g) => g.Id), [HierarchyGroupId]);

// Users
const fresh = {
  Username: "javascript.person", Password: "Correct1horse", RoutingProfileId: routing, SecurityProfileIds: [profiles.Agent],
  IdentityInfo: { FirstName: "太郎", LastName: "試験", Email: "javascript@sakura.example" }, HierarchyGroupId, Tags: { team: "javascript" },
};
const { UserId, UserArn } = await call("CreateUser", fresh);
await refused("DuplicateResourceException", "CreateUser", fresh);
await refused("InvalidRequestException", "CreateUser", { ...fresh, Username: "javascript.other", Password: undefined });
const read = async () => (await call("DescribeUser", { UserId })).User;
assert.deepEqual((await read()).IdentityInfo, fresh.IdentityInfo);
assert.ok((await read()).LastModifiedTime instanceof Date);

await call("UpdateUserIdentityInfo", { UserId, IdentityInfo: { ...fresh.IdentityInfo, Mobile: "+819012345678" } });
assert.equal((await read()).IdentityInfo.Mobile, "+819012345678");
await call("UpdateUserPhoneConfig", { UserId, PhoneConfig: { PhoneType: "SOFT_PHONE", AutoAccept: true, AfterContactWorkTimeLimit: 5 } });
await call("UpdateUserConfig", {
  UserId,
  AutoAcceptConfigs: [{ Channel: "VOICE", AutoAccept: false, AgentFirstCallbackAutoAccept: true }],
  AfterContactWorkConfigs: [{ Channel: "CHAT", AfterContactWorkConfig: { AfterContactWorkTimeLimit: 60 } }],
  VoiceEnhancementConfigs: [{ Channel: "VOICE", VoiceEnhancementMode: "NOISE_SUPPRESSION" }],
});
assert.equal((await read()).VoiceEnhancementConfigs[0].VoiceEnhancementMode, "NOISE_SUPPRESSION");
await call("UpdateUserRoutingProfile", { UserId, RoutingProfileId: routing });
await call("UpdateUserSecurityProfiles", { UserId, SecurityProfileIds: [SecurityProfileId] });
await call("UpdateUserHierarchy", { UserId });
assert.equal((await read()).HierarchyGroupId, undefined);
const skill = { AttributeName: "connect:Language", AttributeValue: "connect:English" };
await call("AssociateUserProficiencies", { UserId, UserProficiencies: [{ ...skill, Level: 5 }] });
await call("UpdateUserProficiencies", { UserId, UserProficiencies: [{ ...skill, Level: 2 }] });
assert.equal((await call("ListUserProficiencies", { UserId })).UserProficiencyList[0].Level, 2);
await call("DisassociateUserProficiencies", { UserId, UserProficiencies: [skill] });

let listed = 0;
for await (const page of sdk.paginateListUsers({ client: connect, pageSize: 20 }, { InstanceId })) listed += page.UserSummaryList.length;
assert.ok(listed > 100, `${listed} users`);
const search = await call("SearchUsers", {
  SearchCriteria: { StringCondition: { FieldName: "Username", Value: "javascript.person", ComparisonType: "EXACT" } },
});
assert.deepEqual(search.Users.map((u) => u.Id), [UserId]);
assert.equal(search.Users[0].PhoneConfig.AfterContactWorkTimeLimit, 5000); // milliseconds here only

// Tags
await connect.send(new sdk.TagResourceCommand({ resourceArn: UserArn, tags: { floor: "4" } }));
await connect.send(new sdk.UntagResourceCommand({ resourceArn: UserArn, tagKeys: ["team"] }));
assert.deepEqual((await connect.send(new sdk.ListTagsForResourceCommand({ resourceArn: UserArn }))).tags, { floor: "4" });

// A clock that is wrong by 20 minutes heals itself by the Date header
const late = new sdk.ConnectClient({ endpoint, systemClockOffset: 20 * 60 * 1000 });
const answer = await late.send(new sdk.DescribeInstanceCommand({ InstanceId }));
assert.equal(answer.$metadata.attempts, 2);

await call("DeleteUser", { UserId });
await refused("ResourceNotFoundException", "DescribeUser", { UserId });
await call("DeleteUserHierarchyGroup", { HierarchyGroupId });
await call("DeleteSecurityProfile", { SecurityProfileId });
console.log(`@aws-sdk/client-connect: ${done.size} operations`);
